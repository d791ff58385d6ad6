// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/helper/mount_choice.hpp"
#include "sample/helper/progress.hpp"

/// The child's side of the namespace helper.
namespace lxcmon::sample {

/// Settings that the helper gets at its start.
struct WorkerSettings {
    MountGlobs mounts;
};

/// Main function of the child; `socket` is its end of a SOCK_SEQPACKET pair. Exits when the agent has closed
/// the other end. It may be forked from a threaded process, so it logs nothing and takes no lock except
/// malloc's, which glibc resets in a child. It allocates only for filesystem scans.
[[noreturn]] void run_namespace_worker(int socket, HelperProgress& progress,
                                       const WorkerSettings& settings) noexcept;

} // namespace lxcmon::sample
