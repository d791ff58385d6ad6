// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace lxcmon::test {

/// Number of allocations of the calling thread since its start, by `new` or the malloc() family, including
/// those in C libraries. A program that links this file uses its own malloc() in front of glibc's.
[[nodiscard]] std::uint64_t allocations() noexcept;

} // namespace lxcmon::test
