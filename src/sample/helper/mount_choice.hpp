// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// --fs-include and --fs-exclude. A glob (fnmatch(3)) that begins with a slash matches mount points, any
/// other glob matches filesystem types.
struct MountGlobs {
    std::vector<std::string> include, exclude;
};

/// A mount to be reported. Its strings come from the tenant: any bytes, of at most max_mount_text.
struct WantedMount {
    std::uint64_t id = 0;     ///< mnt_id of /proc/PID/fdinfo
    std::uint64_t device = 0; ///< of the superblock: major number << 32 | minor number
    bool is_risky = false;    ///< reading it may hang: on network or FUSE, or below such a mount
    std::string mount_point, source, filesystem_type;
    /// Its filesystem refuses writes after an error, and is not read-only to statvfs(3) (ext4).
    bool refuses_writes = false;
};

struct MountChoice {
    /// Sorted by device, the best mount of a device first; "/" is the first of all. A mount may be hidden
    /// under another mount, which only opening it shows.
    std::vector<WantedMount> wanted;
    std::size_t too_long = 0;   ///< mounts left out, as a string is longer than max_mount_text
    bool root_may_hang = false; ///< "/" is on network or FUSE, reported or not
};

/// Longest mount point, source or type that is reported, in bytes.
inline constexpr std::size_t max_mount_text = 1024;

/// Chooses the mounts of a mountinfo (proc_pid_mountinfo(5)) that hold data and can fill up. Never chosen:
/// the kernel's pseudo filesystems, and autofs, as touching it mounts. Chosen only if `globs.include`
/// matches: network filesystems and FUSE, which may hang; images, which are always full; overlays other than
/// "/"; everything at or below /dev, /proc, /sys and /run; mounts at or below an automount with an idle
/// timeout, which would never be unmounted. `globs.exclude` takes precedence. Pure.
[[nodiscard]] MountChoice choose_mounts(std::string_view mountinfo, const MountGlobs& globs);

} // namespace lxcmon::sample
