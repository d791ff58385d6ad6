// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace lxcmon::discover {

/// True if `lxcpath` is of LXD or Incus: these have a folder `database` next to it. That and the folder above
/// must be root's or this process's user's, as another user could make one beside an lxcpath of plain LXC.
[[nodiscard]] bool is_lxd_path(const std::string& lxcpath) noexcept;

/// The socket of the daemon whose lxcpath it is, next to the folder that `lxcpath` leads to. Empty if
/// `lxcpath` is not of LXD or Incus, or has no such socket.
[[nodiscard]] std::string lxd_socket(const std::string& lxcpath);

/// Adds the names of all containers of LXD or Incus in `lxcpath`. liblxc does not list their stopped
/// containers, because their lxcpath has no liblxc configurations: each folder or link there is a container.
/// Adds no name if `lxcpath` can't be read or is not of LXD or Incus.
void add_lxd_names(const std::string& lxcpath, std::vector<std::string>& names);

/// The instance name, which LXD and Incus use as the host name: `web` for `PROJECT_web` (project and instance
/// names have no underscore). The container need not run. Empty if `lxcpath` is not of LXD or Incus.
[[nodiscard]] std::string lxd_instance_name(const std::string& lxcpath, const std::string& name);

} // namespace lxcmon::discover
