// SPDX-License-Identifier: GPL-2.0-or-later
// Counts heap allocations of a program that is started with LD_PRELOAD. The counts are in a mapped file PID
// in the folder $LXCMONTEST_ALLOCATIONS: two 64-bit numbers, those of the main thread and those of all
// others. A child that is forked has a file of its own.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

struct Counts {
    std::atomic<std::uint64_t> main_thread, others;
};
std::atomic<Counts*> counts;

void note_allocation() {
    Counts* const to = counts.load(std::memory_order_relaxed);
    if (to == nullptr)
        return;
    thread_local const bool is_main = ::syscall(SYS_gettid) == ::getpid();
    (is_main ? to->main_thread : to->others).fetch_add(1, std::memory_order_relaxed);
}

void map_counts() {
    const char* const folder = std::getenv("LXCMONTEST_ALLOCATIONS");
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

#include "../support/interpose_malloc.hpp"
