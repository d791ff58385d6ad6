// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <ctime>

namespace lxcmon::spool {

/// Sets the modification time, which is the age of the points in the file. On failure the file only looks a
/// little younger: not an error.
inline void set_mtime(int fd, std::int64_t mtime_ns) noexcept {
    constexpr std::int64_t second = 1'000'000'000;
    const timespec mtime{static_cast<std::time_t>(mtime_ns / second), static_cast<long>(mtime_ns % second)};
    const std::array<timespec, 2> times{mtime, mtime};
    static_cast<void>(!::futimens(fd, times.data()));
}

} // namespace lxcmon::spool
