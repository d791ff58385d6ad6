// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/helper/mount_choice.hpp"

#include "io/mountinfo.hpp"
#include "io/parse.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace lxcmon::sample {
namespace {

/// Pseudo filesystems of the kernel, and types that must not be touched. --fs-include does not add them.
constexpr auto excluded_types = std::to_array<std::string_view>(
    {"anon_inodefs", "apparmorfs", "autofs",   "bdev",        "binder",     "binfmt_misc", "bpf",
     "cgroup",       "cgroup2",    "configfs", "cpuset",      "debugfs",    "devfs",       "devpts",
     "devtmpfs",     "dlmfs",      "efivarfs", "functionfs",  "fuse.lxcfs", "fusectl",     "hugetlbfs",
     "mqueue",       "nfsd",       "nsfs",     "ocfs2_dlmfs", "pipefs",     "proc",        "pstore",
     "ramfs",        "resctrl",    "rootfs",   "rpc_pipefs",  "securityfs", "selinuxfs",   "smackfs",
     "sockfs",       "spufs",      "sysfs",    "tracefs",     "usbfs",      "xenfs"});

/// Their values come from a server that may not answer.
constexpr auto network = std::to_array<std::string_view>(
    {"9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs",
     "ocfs2", "orangefs", "panfs", "pvfs2", "vboxsf"});

/// Images are always full.
constexpr auto images = std::to_array<std::string_view>({"cramfs", "erofs", "iso9660", "romfs", "squashfs"});

constexpr auto overlays = std::to_array<std::string_view>({"aufs", "overlay", "overlayfs"});

constexpr auto system_folders = std::to_array<std::string_view>({"/dev", "/proc", "/run", "/sys"});

/// Small tmpfs in which LXD and Incus keep sockets and mounts for their containers.
constexpr auto folders_of_daemons = std::to_array<std::string_view>({"/devlxd", "/guestapi", "/shmounts"});

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& list, std::string_view word) noexcept {
    return std::ranges::find(list, word) != list.end();
}

bool may_hang(std::string_view type) noexcept {
    return is_one_of(network, type) || type.starts_with("nfs") || type.starts_with("smb") || type == "fuse" ||
           type == "fuseblk" || type.starts_with("fuse.");
}

bool is_below_system_folder(std::string_view mount_point) noexcept {
    return std::ranges::any_of(system_folders, [&](std::string_view folder) {
        return mount_point.starts_with(folder) &&
               (mount_point.size() == folder.size() || mount_point[folder.size()] == '/');
    });
}

bool is_named(const std::vector<std::string>& globs, const io::Mount& mount) {
    return std::ranges::any_of(globs, [&](const std::string& glob) {
        const std::string& text = glob.starts_with('/') ? mount.mount_point : mount.filesystem_type;
        return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
    });
}

bool is_default(const io::Mount& mount) noexcept {
    if (may_hang(mount.filesystem_type))
        return false;
    if (is_one_of(images, mount.filesystem_type))
        return false;
    if (mount.filesystem_type == "tmpfs" &&
        std::ranges::any_of(folders_of_daemons,
                            [&](std::string_view folder) { return mount.mount_point.ends_with(folder); }))
        return false;
    return mount.mount_point == "/" ||
           (!is_one_of(overlays, mount.filesystem_type) && !is_below_system_folder(mount.mount_point));
}

/// Whether an automount is unmounted when it is not used (fs/autofs/inode.c, autofs_show_options()).
bool idles_out(const io::Mount& mount) noexcept {
    std::string_view options = mount.super_options;
    while (mount.filesystem_type == "autofs" && !options.empty()) {
        std::string_view option = io::take_until(options, ',');
        if (io::take_until(option, '=') == "timeout")
            return io::parse_number<std::uint64_t>(option).value_or(0) != 0;
    }
    return false;
}

std::optional<std::uint64_t> device_of(std::string_view number) noexcept {
    const auto major = io::parse_number<std::uint32_t>(io::take_until(number, ':'));
    const auto minor = io::parse_number<std::uint32_t>(number);
    return major && minor ? std::optional(std::uint64_t{*major} << 32U | *minor) : std::nullopt;
}

/// ext4 is no longer `ro` after an error since Linux 6.12, and says so in its options since 6.15
/// (fs/ext4/super.c, _ext4_show_options()).
bool refuses_writes(std::string_view super_options) noexcept {
    while (!super_options.empty())
        if (const std::string_view option = io::take_until(super_options, ',');
            option == "emergency_ro" || option == "shutdown")
            return true;
    return false;
}

bool is_too_long(const io::Mount& mount) noexcept {
    return std::max({mount.mount_point.size(), mount.source.size(), mount.filesystem_type.size()}) >
           max_mount_text;
}

/// True if resolving a path below this mount may block, as the lookup goes to its server. An overlay forwards
/// lookups to its layers. "/" does not count; overlays below it belong to container engines.
bool may_block_lookup_below(const io::Mount& mount) noexcept {
    return mount.mount_point.size() > 1 &&
           (may_hang(mount.filesystem_type) || mount.filesystem_type == "autofs" ||
            is_one_of(overlays, mount.filesystem_type));
}

using MountPoints = std::set<std::string, std::less<>>;

bool is_below_one(const MountPoints& points, std::string_view mount_point) {
    if (points.empty())
        return false;
    for (std::size_t end = mount_point.find('/', 1); end != std::string_view::npos;
         end = mount_point.find('/', end + 1))
        if (points.contains(mount_point.substr(0, end)))
            return true;
    return false;
}

/// A wanted mount with its sort key.
struct Candidate {
    std::size_t device_rank; ///< 0 for the device of "/", then by the order of the first mounts
    int kind;                ///< 0: "/"; 1: the whole device; 2: a part of it
    bool is_asked_for;       ///< by --fs-include
    WantedMount mount;

    [[nodiscard]] auto order() const noexcept {
        return std::tuple(device_rank, kind, mount.mount_point.size());
    }
};

} // namespace

MountChoice choose_mounts(std::string_view mountinfo, const MountGlobs& globs) {
    MountChoice choice;
    std::vector<Candidate> candidates;
    std::map<std::uint64_t, std::size_t> ranks;
    MountPoints guards, automounts; ///< those may block a lookup, these idle out
    io::for_each_mount(mountinfo, [&](const io::Mount& mount) {
        const bool is_root = mount.mount_point == "/";
        choice.root_may_hang = choice.root_may_hang || (is_root && may_hang(mount.filesystem_type));
        if (may_block_lookup_below(mount))
            guards.insert(mount.mount_point);
        if (idles_out(mount))
            automounts.insert(mount.mount_point);
        if (is_one_of(excluded_types, mount.filesystem_type) || is_named(globs.exclude, mount))
            return;
        const bool is_asked_for = is_named(globs.include, mount);
        const auto id = io::parse_number<std::uint64_t>(mount.id);
        const auto device = device_of(mount.device_number);
        if (!id || !device || !mount.mount_point.starts_with('/') || (!is_asked_for && !is_default(mount)))
            return;
        if (is_too_long(mount)) {
            ++choice.too_long;
            return;
        }
        std::size_t& rank = ranks.try_emplace(*device, ranks.size() + 1).first->second;
        if (is_root)
            rank = 0;
        const int kind = is_root ? 0 : mount.root == "/" ? 1 : 2;
        candidates.push_back({0,
                              kind,
                              is_asked_for,
                              {*id, *device, may_hang(mount.filesystem_type), mount.mount_point, mount.source,
                               mount.filesystem_type, refuses_writes(mount.super_options)}});
    });
    // Opening a mount on an automount counts as use.
    std::erase_if(candidates, [&](const Candidate& each) {
        const std::string& place = each.mount.mount_point;
        return !each.is_asked_for && (automounts.contains(place) || is_below_one(automounts, place));
    });
    std::set<std::uint64_t> safe;
    for (auto& [rank, kind, is_asked_for, mount] : candidates) {
        rank = ranks.at(mount.device);
        mount.is_risky = mount.is_risky || choice.root_may_hang || is_below_one(guards, mount.mount_point);
        if (!mount.is_risky)
            safe.insert(mount.device);
    }
    std::ranges::stable_sort(candidates, {}, &Candidate::order);
    choice.wanted.reserve(candidates.size());
    for (Candidate& each : candidates)
        // A device is reported once: a risky mount is left out if its device has a safe one.
        if (!each.mount.is_risky || !safe.contains(each.mount.device))
            choice.wanted.push_back(std::move(each.mount));
    return choice;
}

} // namespace lxcmon::sample
