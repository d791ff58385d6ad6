#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// The processes of a cgroup and of all below it, as their cgroup.procs list them
/// (Documentation/admin-guide/cgroup-v2.rst); a container makes as many cgroups in its own as it likes.
struct CgroupProcesses {
    std::vector<pid_t> pids; ///< in our pid namespace; one that moves meanwhile may be missing or there twice
    bool is_cut = false;     ///< there are more than `most`, or more or deeper cgroups than are looked at
};

/// `directory` is relative to `root_fd` (borrowed). What is unreadable or gone is passed over.
void list_processes(int root_fd, const std::string& directory, std::size_t most, CgroupProcesses& found);

} // namespace lxcmon::sample
