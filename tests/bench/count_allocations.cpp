// Counts heap allocations of a program that is started with LD_PRELOAD. The counts are in a mapped file PID
// in the folder $LXCMON_ALLOCATIONS: two 64-bit numbers, those of the main thread and those of all others. A
// child that is forked has a file of its own.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

// glibc's own, which need no dlsym (that allocates itself).
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

struct Counts {
    std::atomic<std::uint64_t> main_thread, others;
};
std::atomic<Counts*> counts;

void note() {
    Counts* const to = counts.load(std::memory_order_relaxed);
    if (to == nullptr)
        return;
    thread_local const bool is_main = ::syscall(SYS_gettid) == ::getpid();
    (is_main ? to->main_thread : to->others).fetch_add(1, std::memory_order_relaxed);
}

void map_counts() {
    const char* const folder = std::getenv("LXCMON_ALLOCATIONS");
    char path[256];
    if (folder == nullptr ||
        std::snprintf(path, sizeof path, "%s/%d", folder, ::getpid()) >= int{sizeof path})
        return;
    const int fd = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void* const page = fd >= 0 && ::ftruncate(fd, sizeof(Counts)) == 0
                           ? ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                           : MAP_FAILED;
    counts = page == MAP_FAILED ? nullptr : static_cast<Counts*>(page);
    ::close(fd);
}

[[gnu::constructor]] void begin() {
    map_counts();
    ::pthread_atfork(nullptr, nullptr, map_counts);
}

} // namespace

extern "C" {

void* malloc(std::size_t bytes) noexcept {
    note();
    return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) noexcept {
    note();
    return __libc_calloc(count, bytes);
}

void* realloc(void* old, std::size_t bytes) noexcept {
    note();
    return __libc_realloc(old, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
    note();
    return __libc_memalign(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    return memalign(alignment, bytes);
}

int posix_memalign(void** place, std::size_t alignment, std::size_t bytes) noexcept {
    *place = memalign(alignment, bytes);
    return *place != nullptr ? 0 : ENOMEM;
}
}
