// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <unistd.h>

#include <cstdint>
#include <ctime>

namespace lxcmon::io {

/// The time of a kernel clock (CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME) in ns; see clock_gettime(2).
[[nodiscard]] inline std::int64_t now_ns(clockid_t clock) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// Length of one USER_HZ tick, the unit of many times in /proc (proc_stat(5)), in ns.
[[nodiscard]] inline std::int64_t user_hz_tick_nsec() noexcept {
    static const std::int64_t nsec = 1'000'000'000 / ::sysconf(_SC_CLK_TCK);
    return nsec;
}
[[nodiscard]] inline std::int64_t user_hz_tick_usec() noexcept {
    return user_hz_tick_nsec() / 1000;
}

} // namespace lxcmon::io
