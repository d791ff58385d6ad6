// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/pidfd.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"

#include <fcntl.h>
#include <poll.h>

#include <string>

namespace lxcmon::io {

bool is_alive(int pidfd) noexcept {
    pollfd wait{pidfd, POLLIN, 0};
    return pidfd >= 0 && ::poll(&wait, 1, 0) == 0; // poll() ignores -1
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
