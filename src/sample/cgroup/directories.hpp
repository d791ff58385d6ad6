// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/cgroup/layout.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// The container's root cgroup: a leading part of its init's cgroup path, or nothing.
///
/// liblxc puts a container at `[prefix]/lxc.payload.NAME[-N]` or, if the configuration sets
/// lxc.cgroup.dir.container, at that path (Proxmox VE: `lxc/101`, with the init below it in `ns`). LXC before
/// 4 used `/lxc/NAME[-N]`. A deeper cgroup of init (systemd: `/init.scope`) is cut off. Nothing if the path
/// contains no cgroup of this container: values read there would be another container's. `configured_dir`:
/// lxc.cgroup.dir.container; empty if not set.
[[nodiscard]] std::optional<std::string> container_root(std::string_view init_cgroup, std::string_view name,
                                                        std::string_view configured_dir);

/// The container's root cgroup in each hierarchy of `layout` (same index), as a directory relative to the
/// root descriptor; nothing if the container has no cgroup there. `proc_cgroup`: text of /proc/INIT/cgroup.
[[nodiscard]] std::vector<std::optional<std::string>> container_directories(const CgroupLayout& layout,
                                                                            std::string_view proc_cgroup,
                                                                            std::string_view name,
                                                                            std::string_view configured_dir);

} // namespace lxcmon::sample
