#pragma once

#include "sample/helper/mount_choice.hpp"
#include "sample/helper/progress.hpp"

/// The child's side of the namespace helper.
namespace lxcmon::sample {

/// What the helper is told once, at its start.
struct WorkerSettings {
    MountGlobs mounts;
};

/// What the child runs; `socket` is its end of a SOCK_SEQPACKET pair. Ends with the process when the agent is
/// gone. It may be forked from a threaded process: it logs nothing and takes no lock but malloc's, which
/// glibc makes good in a child. It allocates only for filesystems.
[[noreturn]] void run_namespace_worker(int socket, HelperProgress& progress,
                                       const WorkerSettings& settings) noexcept;

} // namespace lxcmon::sample
