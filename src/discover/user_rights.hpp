// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/lxcpath_owner.hpp"

#include <cstddef>
#include <string>

namespace lxcmon::discover {

/// The largest file that a process with these rights can write. liblxc copies a configuration into a file in
/// memory, and would leave out what is beyond this.
constexpr std::size_t largest_config_bytes = 1U << 20U;

/// For a process that asks liblxc: gives it the rights of `owner`, if that is not root and this process is.
/// It has no capability then and gains none. If the kernel has Landlock (Linux 5.13), it can neither make,
/// cut nor remove a file, except the lock files of liblxc in a folder of the owner's below /tmp; it can write
/// to an existing log of the owner's, as liblxc loads no configuration without that. Limits what it may
/// allocate. Returns what failed, or an empty text.
[[nodiscard]] std::string take_rights_of(const LxcOwner& owner);

} // namespace lxcmon::discover
