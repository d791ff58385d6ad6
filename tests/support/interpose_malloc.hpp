// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cerrno>
#include <cstddef>

// Replaces glibc's malloc() and related functions: each calls note_allocation(). Include this in one file of
// a program (or of a library for LD_PRELOAD), after a definition of note_allocation().

// glibc's own functions: no dlsym(), which allocates.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

extern "C" {

void* malloc(std::size_t bytes) noexcept {
    note_allocation();
    return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) noexcept {
    note_allocation();
    return __libc_calloc(count, bytes);
}

void* realloc(void* old, std::size_t bytes) noexcept {
    note_allocation();
    return __libc_realloc(old, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
    note_allocation();
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
