// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/stream_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace lxcmon::deliver {

int StreamWriter::write(int fd, std::string_view text) {
    const auto end = Clock::now() + timeout_;
    while (done_bytes_ < text.size()) {
        if (const int error = wait_for_room(fd, end); error != 0)
            return error;
        // A pipe that is ready accepts PIPE_BUF bytes without blocking. O_NONBLOCK on stdout would affect
        // every process that shares it.
        const std::size_t size = std::min<std::size_t>(text.size() - done_bytes_, PIPE_BUF);
        const ssize_t written = ::write(fd, text.data() + done_bytes_, size);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return errno;
        done_bytes_ += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
    done_bytes_ = 0;
    return 0;
}

int StreamWriter::wait_for_room(int fd, Clock::time_point end) const {
    // Short polls, so that a deadline set by another thread takes effect.
    constexpr std::chrono::milliseconds longest_poll{100};
    for (;;) {
        const auto now = Clock::now();
        const Clock::time_point deadline{Clock::duration(deadline_.load())};
        const auto left = std::min(end, deadline) - now;
        if (left <= Clock::duration::zero())
            return ETIMEDOUT;
        pollfd waited{fd, POLLOUT, 0};
        const auto wait =
            std::chrono::ceil<std::chrono::milliseconds>(std::min<Clock::duration>(left, longest_poll));
        const int ready = ::poll(&waited, 1, static_cast<int>(wait.count()));
        if (ready > 0)
            return 0; // on POLLERR too: write() then returns the reason
        if (ready < 0 && errno != EINTR)
            return errno;
    }
}

} // namespace lxcmon::deliver
