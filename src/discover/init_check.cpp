// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/init_check.hpp"

#include "io/kernel_file.hpp"
#include "io/mountinfo.hpp"
#include "io/parse.hpp"
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
    for (; !path.empty(); path = path.substr(0, path.rfind('/'))) {
        struct stat status {};
        const std::string folder = mount_point + std::string(path);
        if (::stat(folder.c_str(), &status) == 0 && status.st_uid == uid)
            return true;
    }
    return false;
}

/// Whether the sampler could take a leading part of `path` for a container's cgroup.
bool may_be_container_root(std::string_view path, std::string_view cgroup_dir) noexcept {
    return path.find("/lxc.payload.") != std::string_view::npos ||
           path.find("/lxc/") != std::string_view::npos ||
           (!cgroup_dir.empty() && path.find(cgroup_dir) != std::string_view::npos);
}

/// The four ids of a line "Uid:" (proc_pid_status(5)) are all `uid`.
bool runs_as(uid_t uid, std::string_view status) {
    bool is_same = false;
    io::for_each_line(status, [&](std::string_view line) {
        if (io::take_until(line, '\t') != "Uid:")
            return;
        const std::string one = std::to_string(uid);
        is_same = line == one + '\t' + one + '\t' + one + '\t' + one;
    });
    return is_same;
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
    while (cgroup_dir.starts_with('/'))
        cgroup_dir.remove_prefix(1);
    while (cgroup_dir.ends_with('/'))
        cgroup_dir.remove_suffix(1);
    std::string refusal;
    io::for_each_line(proc_cgroup, [&](std::string_view line) {
        static_cast<void>(io::take_until(line, ':')); // the number
        std::string_view controllers = io::take_until(line, ':');
        const auto mount = mounts.find(io::take_until(controllers, ','));
        if (may_be_container_root(line, cgroup_dir) &&
            (mount == mounts.end() || !is_delegated(uid, mount->second, line)))
            refusal = "in the cgroup " + std::string(line) + ", which is not below a cgroup of uid " +
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
    if (refusal.empty() && !runs_as(uid, status) && !is_in_namespace_of(uid, process))
        refusal = "neither a process nor in a user namespace of uid " + std::to_string(uid);
    if (refusal.empty())
        refusal = read("/proc/self/mountinfo", mountinfo);
    if (refusal.empty())
        refusal = read(process + "/cgroup", proc_cgroup);
    return refusal.empty() ? why_not_cgroups_of(uid, cgroup_dir, mountinfo, proc_cgroup) : refusal;
}

} // namespace lxcmon::discover
