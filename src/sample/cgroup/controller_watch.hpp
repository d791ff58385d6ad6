// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/file_changes.hpp"

#include <sys/types.h>

#include <array>
#include <string_view>

namespace lxcmon::sample {

/// Detects that systemd or liblxc removed or added controllers of a container's v2 cgroup, through
/// cgroup.subtree_control of the parent cgroup. The control files are then recreated under the same names
/// with default limits, and watches on the old files receive no event. Sampling thread only.
class ControllerWatch {
  public:
    /// `directory`: the container's v2 cgroup, relative to `root_fd`. All arguments are borrowed. Construct
    /// it before the control files are opened.
    ControllerWatch(int root_fd, std::string_view directory, io::FileChanges& changes);

    /// False if no watch could be set: then every file must be read at each tick.
    [[nodiscard]] bool is_watching() const noexcept { return parent_control_.is_watching(); }
    /// True if control files were replaced since construction. Always false if not watching.
    [[nodiscard]] bool has_changed();

  private:
    /// Inode of one file per controller; 0: no such file.
    using Inodes = std::array<ino_t, 5>;
    [[nodiscard]] Inodes inodes() const;

    int root_fd_;
    std::string_view directory_;
    io::FileChanges::Watch parent_control_;
    Inodes inodes_;
};

} // namespace lxcmon::sample
