// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon {

/// A disk device of LXD or Incus.
struct ManagedDisk {
    std::string mount_point; ///< in the container
    std::string device;      ///< its name in the instance's devices

    friend bool operator==(const ManagedDisk&, const ManagedDisk&) = default;
};

/// What the manager of a container (Proxmox VE, LXD, Incus) has set for it. A value that is not set is
/// absent.
struct Managed {
    std::string host_name;           ///< empty: not set
    std::string lock;                ///< why it must not be changed at present: "backup", ...; empty: no lock
    std::string tags;                ///< separated by ";"
    std::optional<bool> onboot;      ///< starts with the host
    std::optional<bool> is_template; ///< never starts: others are copied from it
    std::optional<std::int64_t> cores;
    std::vector<ManagedDisk> disks;

    friend bool operator==(const Managed&, const Managed&) = default;
};

/// A container as liblxc reports it, at one tick. A running container is identified by (lxcpath, name, init
/// pidfd); `incarnation` numbers the inits that the agent has seen and is never reused.
struct Container {
    std::uint64_t id = 0; ///< of the table's entry, never reused
    std::string lxcpath;
    std::string name;
    std::string host_name;  ///< from Proxmox VE, else lxc.uts.name; empty if not set
    std::string cgroup_dir; ///< lxc.cgroup.dir.container of its configuration; empty if not set

    std::string state = "STOPPED"; ///< from liblxc; RUNNING also while frozen: the cgroup has that
    pid_t init_pid = 0;            ///< 0: not running
    io::UniqueFd init_pidfd;       ///< open if init_pid is not 0
    std::uint64_t incarnation = 0; ///< 0: not run since the agent started
    std::int64_t restarts = 0;     ///< inits seen by this agent, minus the first
    bool shadowed = false;         ///< another lxcpath has a container of this name, and precedence
    bool repeats_name = false;     ///< another container of its lxcpath has this name once cleaned: left out
    const Managed* managed = nullptr; ///< valid until the next refresh; nullptr: no manager knows it
};

/// Tells a container from others of its name, also over restarts.
[[nodiscard]] inline std::string place_of(const Container& container) {
    return container.lxcpath + '/' + container.name;
}

} // namespace lxcmon
