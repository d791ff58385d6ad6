#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// --fs-include and --fs-exclude. A glob (fnmatch(3)) that begins with a slash is one on mount points, any
/// other one on filesystem types.
struct MountGlobs {
    std::vector<std::string> include, exclude;
};

/// A mount whose figures are wanted. Its texts are the tenant's: any bytes, of bounded length.
struct WantedMount {
    std::uint64_t id = 0;     ///< as /proc/PID/fdinfo has it
    std::uint64_t device = 0; ///< major and minor number, of the superblock
    bool is_risky = false;    ///< looking at it may hang: on network or FUSE, or below such a mount
    std::string mount_point, source, filesystem_type;
};

struct MountChoice {
    /// Those of one device stand together, the best one first; "/" is first of all. Which of them is not
    /// hidden under another mount only opening it tells.
    std::vector<WantedMount> wanted;
    std::size_t too_long = 0;   ///< left out, since a text of theirs is longer than max_mount_text
    bool root_may_hang = false; ///< "/" is on network or FUSE, whether its figures are wanted or not
};

/// Longest mount point, source or type that is reported.
inline constexpr std::size_t max_mount_text = 1024;

/// Which mounts of a mountinfo (proc_pid_mountinfo(5)) hold data of their own that can fill up. Never: the
/// kernel's pseudo filesystems, autofs (touching it mounts). Only when asked for by `globs.include`: network
/// filesystems and FUSE, which may hang; images that are always full; overlays other than "/"; everything at
/// or below /dev, /proc, /sys and /run. What `globs.exclude` names is left out whatever else says. Pure.
[[nodiscard]] MountChoice choose_mounts(std::string_view mountinfo, const MountGlobs& globs);

} // namespace lxcmon::sample
