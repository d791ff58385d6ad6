#pragma once

#include "sample/helper/mount_choice.hpp"
#include "sample/helper/progress.hpp"
#include "sample/helper/protocol.hpp"

namespace lxcmon::sample {

/// The helper's look at the filesystems of a container, or of the host. No namespace is joined: its mounts
/// are reached from /proc/PID/root, so that no link of the tenant's leads anywhere else, and none is held
/// longer than it is looked at. Everything here may hang for ever; `progress` says where.
/// `proc` is the host's /proc.
void scan_filesystems(int proc, const NamespaceRequest& request, int init_pidfd, const MountGlobs& globs,
                      HelperProgress& progress, FilesystemReply& reply);

} // namespace lxcmon::sample
