// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::discover {

constexpr gid_t nogroup = 65534; ///< as in Debian

/// The user who decides what is at an lxcpath.
struct LxcOwner {
    uid_t uid = 0;
    gid_t gid = 0;

    friend bool operator==(const LxcOwner&, const LxcOwner&) = default;
};

struct LxcpathOwner {
    LxcOwner owner;
    bool may_hang = false; ///< a user's folder or a filesystem of a server (NFS, FUSE) is on the way
};

/// The owner of the first folder or link on the way to `lxcpath`, an absolute path, that is not root's; root
/// if all are. That user can put another folder there at any moment. nullopt with errno if there is no such
/// folder. Does not go beyond a folder of another user, whose filesystem may hang; a FUSE filesystem that a
/// user has mounted is the user's, whatever it says and whenever it was mounted.
///
/// Can wait without end for a server whose filesystem root has mounted: never in the sampling thread.
[[nodiscard]] std::optional<LxcpathOwner> lxcpath_owner(const std::string& lxcpath);

/// Tells a folder from others, whatever path leads to it.
struct FolderId {
    std::uint64_t device = 0, inode = 0;

    friend bool operator==(const FolderId&, const FolderId&) = default;
};

/// Throws std::system_error with the path.
[[nodiscard]] FolderId folder_of(const std::string& lxcpath);

/// Whether `path` leads to that folder, and only root decides where it leads. False for a path through a
/// mount that may hang: a dead server elsewhere must not stop the list of this folder.
[[nodiscard]] bool leads_to(const std::string& path, const FolderId& folder);

constexpr std::size_t most_other_paths = 16;

struct OtherPaths {
    std::vector<std::string> paths;
    /// LXCPATH/NAME of the last monitor's socket that was looked at; empty: all were.
    std::string looked_until;

    friend bool operator==(const OtherPaths&, const OtherPaths&) = default;
};

/// Other paths of the folder at `lxcpath`: liblxc names a monitor's socket by the lxcpath as the program has
/// spelled it that started the container (a link, a doubled slash). First the path without links; then, if
/// `owner`, the caller's user, is root, those of root's running monitors, except paths that a user decides
/// on, and those through a mount that may hang (none if /proc/net/unix can't be read); at last those of
/// `before` that still lead there. Waits only for the folder itself.
///
/// Any user can make thousands of such sockets: looks at some of them, behind those that were looked at for
/// `before`, the last answer.
[[nodiscard]] OtherPaths other_paths(const std::string& lxcpath, const FolderId& folder, uid_t owner,
                                     const OtherPaths& before);

} // namespace lxcmon::discover
