// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace lxcmon::test {

/// Number of allocations of the calling thread since its start, by `new`, malloc() and related functions,
/// also in C libraries. Linking this replaces glibc's malloc() in the program.
[[nodiscard]] std::uint64_t allocations() noexcept;

} // namespace lxcmon::test
