#pragma once

#include "io/file_changes.hpp"

#include <sys/types.h>

#include <array>
#include <string_view>

namespace lxcmon::sample {

/// Tells when cgroup v2's controllers have been taken from a container's cgroup, or given to it: systemd and
/// liblxc do so (cgroup.subtree_control of the cgroup above). The control files are others then, by the same
/// names, without the limits of before; and the kernel says nothing to who watches those that are gone.
/// Sampling thread only.
class ControllerWatch {
  public:
    /// `directory`: the container's in v2's hierarchy, relative to `root_fd`. All is borrowed. Make it before
    /// the files are opened.
    ControllerWatch(int root_fd, std::string_view directory, io::FileChanges& changes);

    /// Whether there is somebody to tell; else no file may be left unread.
    [[nodiscard]] bool is_watching() const noexcept { return above_.is_watching(); }
    /// Whether there are other control files than when this was made. Never where it is not watching.
    [[nodiscard]] bool has_changed();

  private:
    /// Of a file of each controller; 0: not there.
    using Inodes = std::array<ino_t, 5>;
    [[nodiscard]] Inodes inodes() const;

    int root_fd_;
    std::string_view directory_;
    io::FileChanges::Watch above_;
    Inodes inodes_;
};

} // namespace lxcmon::sample
