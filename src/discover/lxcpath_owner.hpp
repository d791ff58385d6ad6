// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace lxcmon::discover {

/// The user who decides what is at an lxcpath.
struct LxcOwner {
    uid_t uid = 0;
    gid_t gid = 0;

    friend bool operator==(const LxcOwner&, const LxcOwner&) = default;
};

/// The owner of the first folder or link on the way to `lxcpath`, an absolute path, that is not root's; root
/// if all are. That user can put another folder there at any moment. nullopt with errno if there is no such
/// folder. Does not go beyond a folder of another user, whose filesystem may hang; a FUSE filesystem that a
/// user has mounted is the user's, whatever it says.
[[nodiscard]] std::optional<LxcOwner> lxcpath_owner(const std::string& lxcpath);

/// For a process that asks liblxc: gives it the rights of `owner`, if that is not root and this process is.
/// It has no capability then and gains none. If the kernel has Landlock (Linux 5.13), it can neither make,
/// cut nor remove a file, except the lock files of liblxc in a folder of the owner's below /tmp; it can write
/// to an existing log of the owner's, as liblxc loads no configuration without that. Limits what it may
/// allocate. Returns what failed, or an empty text.
[[nodiscard]] std::string take_rights_of(const LxcOwner& owner);

} // namespace lxcmon::discover
