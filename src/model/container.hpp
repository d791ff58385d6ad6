#pragma once

#include "io/unique_fd.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace lxcmon {

/// A container as liblxc knows it, at one tick. Identity of what runs is (lxcpath, name, init pidfd):
/// `incarnation` is a number given to each init that the agent has seen, never used twice.
struct Container {
    std::uint64_t id = 0; ///< of the table's entry, never used twice
    std::string lxcpath;
    std::string name;
    std::string host_name;  ///< Proxmox VE's word, else lxc.uts.name; empty where not set
    std::string cgroup_dir; ///< lxc.cgroup.dir.container of its configuration; empty where not set

    std::string state = "STOPPED"; ///< liblxc's word; RUNNING also while frozen: the cgroup tells that
    pid_t init_pid = 0;            ///< 0: nothing runs
    io::UniqueFd init_pidfd;       ///< open while init_pid is not 0
    std::uint64_t incarnation = 0; ///< 0: has not run since the agent started
    std::int64_t restarts = 0;     ///< inits seen by this agent, less the first
    bool shadowed = false;         ///< a container of an earlier lxcpath has the same name
};

} // namespace lxcmon
