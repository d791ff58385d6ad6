// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/pidfd.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <string>

namespace lxcmon::io {

namespace {

/// What poll() reports of a pidfd; POLLNVAL if it fails.
int events_of(int pidfd) noexcept {
    pollfd wait{pidfd, POLLIN, 0};
    int count = 0;
    do
        count = ::poll(&wait, 1, 0);
    while (count < 0 && errno == EINTR);
    return pidfd < 0 || count < 0 ? POLLNVAL : wait.revents; // poll() ignores -1
}

} // namespace

bool is_alive(int pidfd) noexcept {
    return events_of(pidfd) == 0;
}

bool has_ended(int pidfd) noexcept {
    return (events_of(pidfd) & (POLLIN | POLLHUP)) != 0;
}

pid_t pid_of(int pidfd) noexcept {
    std::string text;
    if (try_read_whole(AT_FDCWD, ("/proc/self/fdinfo/" + std::to_string(pidfd)).c_str(), text) != 0)
        return 0;
    pid_t pid = 0;
    for_each_line(text, [&](std::string_view line) {
        constexpr std::string_view key = "Pid:\t";
        if (line.starts_with(key))
            pid = parse_number<pid_t>(line.substr(key.size())).value_or(0);
    });
    return pid > 0 ? pid : 0;
}

} // namespace lxcmon::io
