#pragma once

#include <cstdint>
#include <ctime>

namespace lxcmon::io {

/// A clock of the kernel's in ns (clock_gettime(2)): CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME.
[[nodiscard]] inline std::int64_t now_ns(clockid_t clock) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

} // namespace lxcmon::io
