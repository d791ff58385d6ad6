#pragma once

#include "sample/cgroup/layout.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// The container's own root cgroup within the cgroup path that its init is in.
///
/// liblxc puts a container at `[prefix]/lxc.payload.NAME[-N]`, or, where the configuration sets
/// lxc.cgroup.dir.container, at that path (Proxmox VE: `lxc/101`, the init below it in `ns`); LXC before 4
/// used `/lxc/NAME[-N]`. Init may have gone deeper (systemd: `/init.scope`): that is cut off.
/// Nothing where the path names no cgroup of this container: then a figure read there would be another's.
/// `configured_dir` is empty where not set.
[[nodiscard]] std::optional<std::string> container_root(std::string_view init_cgroup, std::string_view name,
                                                        std::string_view configured_dir);

/// For each hierarchy of `layout` (same index) the container's root cgroup as a directory relative to the
/// root descriptor; nothing where the container has none there. `proc_cgroup`: text of /proc/INIT/cgroup.
[[nodiscard]] std::vector<std::optional<std::string>> container_directories(const CgroupLayout& layout,
                                                                            std::string_view proc_cgroup,
                                                                            std::string_view name,
                                                                            std::string_view configured_dir);

} // namespace lxcmon::sample
