// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/helper/mount_choice.hpp"
#include "sample/helper/progress.hpp"
#include "sample/helper/protocol.hpp"

namespace lxcmon::sample {

/// Reads the filesystems of a container, or of the host; runs in the helper. It joins no namespace: mounts
/// are opened below /proc/PID/root, so that a tenant's links cannot lead elsewhere, and closed at once. Any
/// step can hang indefinitely; `progress` has the current one. `proc` is the host's /proc.
void scan_filesystems(int proc, const NamespaceRequest& request, int init_pidfd, const MountGlobs& globs,
                      HelperProgress& progress, FilesystemReply& reply);

} // namespace lxcmon::sample
