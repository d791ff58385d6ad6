// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

namespace lxcmon::io {

/// Writes all of `text` to a file that is not in non-blocking mode, from offset `written` of it on. Returns 0
/// or an errno; `written` is the number of bytes written in either case.
[[nodiscard]] inline int write_all(int fd, std::string_view text, std::size_t& written) noexcept {
    while (written < text.size()) {
        const ssize_t size = ::write(fd, text.data() + written, text.size() - written);
        if (size < 0 && errno != EINTR)
            return errno;
        written += size > 0 ? static_cast<std::size_t>(size) : 0;
    }
    return 0;
}

/// The same for any file: waits while one in non-blocking mode is full. Another program that shares a pipe or
/// terminal may have set that mode.
[[nodiscard]] inline int write_all_waiting(int fd, std::string_view text, std::size_t& written) noexcept {
    int error = write_all(fd, text, written);
    for (pollfd out{fd, POLLOUT, 0}; error == EAGAIN; error = write_all(fd, text, written))
        if (::poll(&out, 1, -1) < 0 && errno != EINTR)
            return errno;
    return error;
}

} // namespace lxcmon::io
