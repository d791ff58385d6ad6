// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/cgroup/layout.hpp"

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// Limits of the walk through a container's cgroups in one tick. A tenant can create any number of cgroups;
/// each costs about 15 us.
struct WalkBounds {
    std::size_t depth = 32;
    std::size_t cgroups = 1024;
    std::size_t processes = 4096;
};

/// Index of the hierarchy whose root cgroup of the container has all of its processes: one that the container
/// cannot leave, so v1's pids is preferred. Empty if the container has no cgroup.
[[nodiscard]] std::optional<std::size_t>
process_hierarchy(const CgroupLayout& layout, const std::vector<std::optional<std::string>>& directories);

/// Lists the processes of the cgroup `directory` (relative to `root_fd`) and of all cgroups below it, from
/// cgroup.procs (cgroups(7)), as sorted, unique pids of the agent's pid namespace. Cgroups that can't be read
/// or vanish meanwhile are skipped. Returns false if the list is incomplete because of `bounds` or the size
/// of `buffer`.
[[nodiscard]] bool list_processes(int root_fd, const char* directory, const WalkBounds& bounds,
                                  std::span<char> buffer, std::vector<pid_t>& pids);

} // namespace lxcmon::sample
