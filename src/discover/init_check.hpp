// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace lxcmon::discover {

/// Checks a process that a user's monitor names as init of a container: any process can be named, no right is
/// needed for that. Returns why it can't be one of a container that user `uid` has started, or an empty text.
///
/// The process must run as that user or in a user namespace that the user made. Each of its cgroups must be
/// below one that is the user's (delegated); a cgroup that is not must not look like a container's: the
/// sampler then takes no figures from it. `cgroup_dir`: lxc.cgroup.dir.container, which the user chooses.
///
/// Can wait without end for a process that hangs in execve(2). Compare the pidfd afterwards.
[[nodiscard]] std::string why_not_init_of(uid_t uid, pid_t pid, std::string_view cgroup_dir);

/// The part of the check that concerns cgroups. `mountinfo`, `proc_cgroup`: texts of /proc/self/mountinfo and
/// /proc/PID/cgroup.
[[nodiscard]] std::string why_not_cgroups_of(uid_t uid, std::string_view cgroup_dir,
                                             std::string_view mountinfo, std::string_view proc_cgroup);

} // namespace lxcmon::discover
