#pragma once

#include "sample/cgroup/layout.hpp"

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// How much of a container's tree of cgroups is walked in a tick. A tenant can make its own as large as it
/// likes; each cgroup costs about 15 us.
struct WalkBounds {
    std::size_t depth = 32;
    std::size_t cgroups = 1024;
    std::size_t processes = 4096;
};

/// The hierarchy in which all processes of a container are to be found below its root cgroup: one that is not
/// the container's to choose, so v1's pids before the others. Nothing where it has no cgroup at all.
[[nodiscard]] std::optional<std::size_t>
process_hierarchy(const CgroupLayout& layout, const std::vector<std::optional<std::string>>& directories);

/// Lists the processes of the cgroup at `directory`, relative to `root_fd`, and of all below it: cgroup.procs
/// (cgroups(7)), in the numbers of the agent's pid namespace. Sorted, none twice. What can't be read, or
/// vanishes meanwhile, is passed over. Returns false where the bounds left something out.
[[nodiscard]] bool list_processes(int root_fd, const char* directory, const WalkBounds& bounds,
                                  std::span<char> buffer, std::vector<pid_t>& pids);

} // namespace lxcmon::sample
