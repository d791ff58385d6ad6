#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace lxcmon::io {

/// A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)), its octal escapes undone.
/// In a container's mountinfo every text is the container's choice.
struct Mount {
    std::string id;            ///< as statx(2) has it
    std::string device_number; ///< major:minor
    std::string root;          ///< what of the filesystem is mounted
    std::string mount_point;
    std::string filesystem_type;
    std::string source;
    std::string super_options;
};

/// Calls `each` for every well-formed line, in the kernel's order. Other lines are passed over.
void for_each_mount(std::string_view mountinfo, const std::function<void(const Mount&)>& each);

} // namespace lxcmon::io
