// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace lxcmon::io {

/// A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)), with octal escapes decoded.
/// In a container's mountinfo the container controls every text: untrusted.
struct Mount {
    std::string id;            ///< the mount ID, as in statx(2)
    std::string device_number; ///< major:minor
    std::string root;          ///< path within the filesystem that is mounted
    std::string mount_point;
    std::string filesystem_type;
    std::string source;
    std::string super_options;
};

/// Calls `each` for every well-formed line, in the kernel's order. Skips malformed lines.
void for_each_mount(std::string_view mountinfo, const std::function<void(const Mount&)>& each);

} // namespace lxcmon::io
