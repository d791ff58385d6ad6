#pragma once

#include <cstdint>

namespace lxcmon::test {

/// How often the calling thread has asked for memory since it began, by `new` or malloc() and its kin, C
/// libraries included. The program that links this has its own malloc(), before glibc's.
[[nodiscard]] std::uint64_t allocations() noexcept;

} // namespace lxcmon::test
