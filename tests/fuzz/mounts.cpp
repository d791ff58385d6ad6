// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID/mountinfo and /proc/PID/cgroup.
#include "fuzz/support.hpp"

#include "io/mountinfo.hpp"
#include "sample/cgroup/directories.hpp"
#include "sample/cgroup/layout.hpp"
#include "sample/helper/mount_choice.hpp"

using namespace lxcmon;
using fuzz::require;

namespace {

void check_mounts(std::string_view text) {
    std::size_t mounts = 0;
    io::for_each_mount(text, [&](const io::Mount& mount) {
        ++mounts;
        require(!mount.mount_point.empty() && !mount.filesystem_type.empty(),
                "a mount has a place and a type");
    });
    const sample::MountGlobs globs{{"nfs*", "/data*", "fuse*"}, {"/data/no*"}};
    const sample::MountChoice choice = sample::choose_mounts(text, globs);
    require(choice.wanted.size() + choice.too_long <= mounts, "no mount is invented");
    for (const sample::WantedMount& mount : choice.wanted)
        require(mount.mount_point.size() <= sample::max_mount_text &&
                    mount.source.size() <= sample::max_mount_text &&
                    mount.filesystem_type.size() <= sample::max_mount_text &&
                    mount.mount_point.starts_with('/'),
                "a chosen mount is within bounds", mount.mount_point);
}

void check_cgroups(std::string_view mountinfo, std::string_view proc_cgroup) {
    const sample::CgroupLayout layout(mountinfo);
    static_cast<void>(layout.describe());
    for (const std::string_view configured : {"", "lxc/web", "/", "lxc"}) {
        const auto directories = sample::container_directories(layout, proc_cgroup, "web", configured);
        require(directories.size() == layout.hierarchies().size(), "a directory for each hierarchy");
        for (const auto& directory : directories)
            require(!directory || !directory->starts_with('/'), "a directory is relative",
                    directory.value_or(""));
        const auto root = sample::container_root(proc_cgroup, "web", configured);
        require(!root || proc_cgroup.starts_with(*root), "the root is a leading part of init's cgroup",
                root.value_or(""));
    }
}

constexpr std::string_view layout_v2 = "35 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
constexpr std::string_view layout_v1 = "35 24 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                                       "36 24 0:31 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                                       "37 24 0:32 /part /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check_mounts(text);
    check_cgroups(text, "0::/lxc.payload.web/init.scope\n5:cpu,cpuacct:/lxc/web\n");
    check_cgroups(layout_v2, text);
    check_cgroups(layout_v1, text);
    return 0;
}
