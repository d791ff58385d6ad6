// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/managers/answer.hpp"

#include <string>
#include <string_view>

/// Proxmox VE's configurations of containers (pct.conf(5)).
namespace lxcmon::discover {

/// The settings in the first section of a configuration; sections that begin with a line `[...]` are
/// snapshots and pending changes. Of several valid values of one key, the last one counts. `onboot` and
/// `template` are off unless set.
[[nodiscard]] Managed parse_pve_config(std::string_view conf);

/// Reads all VMID.conf of `folder`, an absolute path such as /etc/pve/lxc: the containers of this node; and
/// lists those of other nodes, in the folders nodes/NODE/lxc next to it. On Proxmox VE this may hang without
/// end. For a file that can't be read, the settings in `before` are kept. Returns 0, or the errno of listing
/// a folder, EOVERFLOW for most_managed containers: `answer` is then incomplete.
[[nodiscard]] int read_pve_folder(const std::string& folder, const ManagerAnswer& before,
                                  ManagerAnswer& answer);

/// Whether Proxmox VE has written the configuration for LXC: it then lists the container, on whichever node
/// that is, as long as the container exists.
[[nodiscard]] bool is_made_by_pve(const Container& container);

/// True if the mount point of Proxmox VE's filesystem, the parent of `folder`, exists. Searches the listing
/// of the mount point's parent, because stat() would query the mounted filesystem, which may hang.
[[nodiscard]] bool has_pve_mount_point(const std::string& folder);

} // namespace lxcmon::discover
