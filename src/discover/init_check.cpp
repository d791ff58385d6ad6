// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/init_check.hpp"

#include "io/kernel_file.hpp"
#include "io/mountinfo.hpp"
#include "io/parse.hpp"
#include "io/proc_pid.hpp"
#include "io/unique_fd.hpp"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <system_error>

namespace lxcmon::discover {
namespace {

/// Mount point of each cgroup hierarchy, by v1's controller; by "" for v2.
using CgroupMounts = std::map<std::string, std::string, std::less<>>;

CgroupMounts cgroup_mounts(std::string_view mountinfo) {
    CgroupMounts mounts;
    io::for_each_mount(mountinfo, [&](const io::Mount& mount) {
        if (mount.root != "/")
            return;
        if (mount.filesystem_type == "cgroup2")
            mounts.emplace("", mount.mount_point);
        if (mount.filesystem_type != "cgroup")
            return;
        std::string_view options = mount.super_options;
        while (!options.empty())
            mounts.emplace(io::take_until(options, ','), mount.mount_point);
    });
    return mounts;
}

/// Whether the folder at `path` below `mount_point`, or one above it, is the user's.
bool is_delegated(uid_t uid, const std::string& mount_point, std::string_view path) {
    for (; path.starts_with('/'); path = path.substr(0, path.rfind('/'))) {
        struct stat status {};
        const std::string folder = mount_point + std::string(path);
        if (::stat(folder.c_str(), &status) == 0 && status.st_uid == uid)
            return true;
    }
    return false;
}

/// The shortest leading part of `path` that the sampler could take for a container's cgroup
/// (sample::container_root()); empty if there is none.
std::string_view shortest_root(std::string_view path, std::string_view cgroup_dir) noexcept {
    std::size_t shortest = std::string_view::npos;
    const auto note = [&](std::size_t begin) {
        shortest = std::min(shortest, std::min(path.find('/', begin), path.size()));
    };
    if (const auto at = path.find("/lxc.payload."); at != std::string_view::npos)
        note(at + 1);
    constexpr std::string_view old_parent = "/lxc/";
    if (const auto at = path.find(old_parent); at != std::string_view::npos)
        note(at + old_parent.size());
    if (const std::string_view dir = io::trim_slashes(cgroup_dir); !dir.empty())
        shortest = std::min(shortest, io::end_of_part(path, dir).value_or(shortest));
    return shortest == std::string_view::npos ? std::string_view() : path.substr(0, shortest);
}

/// Whether the user made the process's user namespace.
bool is_in_namespace_of(uid_t uid, const std::string& process) noexcept {
    const io::UniqueFd user_namespace(::open((process + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
    uid_t owner = 0;
    return user_namespace && ::ioctl(user_namespace.get(), NS_GET_OWNER_UID, &owner) == 0 && owner == uid;
}

std::string unreadable(const std::string& path, int error) {
    return path + " can't be read: " + std::generic_category().message(error);
}

} // namespace

std::string why_not_cgroups_of(uid_t uid, std::string_view cgroup_dir, std::string_view mountinfo,
                               std::string_view proc_cgroup) {
    const CgroupMounts mounts = cgroup_mounts(mountinfo);
    std::string refusal;
    io::for_each_line(proc_cgroup, [&](std::string_view line) {
        static_cast<void>(io::take_until(line, ':')); // the number
        std::string_view controllers = io::take_until(line, ':');
        const auto mount = mounts.find(io::take_until(controllers, ','));
        const std::string_view root = shortest_root(line, cgroup_dir);
        if (!root.empty() && (mount == mounts.end() || !is_delegated(uid, mount->second, root)))
            refusal = "in the cgroup " + std::string(root) + ", which is not below a cgroup of uid " +
                      std::to_string(uid);
    });
    return refusal;
}

std::string why_not_init_of(uid_t uid, pid_t pid, std::string_view cgroup_dir) {
    const std::string process = "/proc/" + std::to_string(pid);
    std::string status;
    std::string mountinfo;
    std::string proc_cgroup;
    const auto read = [](const std::string& path, std::string& text) {
        const int error = io::try_read_whole(AT_FDCWD, path.c_str(), text, 16U << 20U);
        return error == 0 ? std::string() : unreadable(path, error);
    };
    std::string refusal = read(process + "/status", status);
    if (refusal.empty() && !io::runs_as(uid, status) && !is_in_namespace_of(uid, process))
        refusal = "neither a process nor in a user namespace of uid " + std::to_string(uid);
    if (refusal.empty())
        refusal = read("/proc/self/mountinfo", mountinfo);
    if (refusal.empty())
        refusal = read(process + "/cgroup", proc_cgroup);
    return refusal.empty() ? why_not_cgroups_of(uid, cgroup_dir, mountinfo, proc_cgroup) : refusal;
}

} // namespace lxcmon::discover
