// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/allocations.hpp"

namespace lxcmon::test {
namespace {

constinit thread_local std::uint64_t count = 0;

} // namespace

std::uint64_t allocations() noexcept {
    return count;
}

} // namespace lxcmon::test

namespace {

void note_allocation() noexcept {
    ++lxcmon::test::count;
}

} // namespace

#include "support/interpose_malloc.hpp"
