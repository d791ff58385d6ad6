#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <ctime>

namespace lxcmon::spool {

/// When a file was last changed is how old its points are, so gzipping must keep it. A file that can't be
/// told so is a little younger than it should be: no error.
inline void set_mtime(int fd, std::int64_t mtime_ns) noexcept {
    constexpr std::int64_t second = 1'000'000'000;
    const timespec mtime{static_cast<std::time_t>(mtime_ns / second), static_cast<long>(mtime_ns % second)};
    const std::array<timespec, 2> times{mtime, mtime};
    static_cast<void>(!::futimens(fd, times.data()));
}

} // namespace lxcmon::spool
