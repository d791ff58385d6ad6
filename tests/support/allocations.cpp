#include "support/allocations.hpp"

#include <cerrno>
#include <cstddef>

// glibc's own.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace lxcmon::test {
namespace {

constinit thread_local std::uint64_t count = 0;

} // namespace

std::uint64_t allocations() noexcept {
    return count;
}

} // namespace lxcmon::test

using lxcmon::test::count;

extern "C" {

void* malloc(std::size_t bytes) noexcept {
    ++count;
    return __libc_malloc(bytes);
}

void* calloc(std::size_t items, std::size_t bytes) noexcept {
    ++count;
    return __libc_calloc(items, bytes);
}

void* realloc(void* old, std::size_t bytes) noexcept {
    ++count;
    return __libc_realloc(old, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
    ++count;
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
