// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/helper/protocol.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace lxcmon::sample {

/// The filesystems that host_fs had last, for the field `shared` of lxc_fs. Storage is kept between scans.
class HostFilesystems {
  public:
    /// Begins a scan of the host, which replaces the last one of its kind.
    void begin(bool risky) noexcept {
        of(risky).clear();
        is_known_ = true;
    }
    void add(bool risky, const Filesystem& filesystem);

    /// False: the host was never scanned, as without host_fs.
    [[nodiscard]] bool is_known() const noexcept { return is_known_; }
    /// Whether a filesystem of a container is one of these: of the same device, and not smaller. A project
    /// quota (ext4, XFS) makes the part of a container smaller, which then fills up by itself.
    [[nodiscard]] bool has(const Filesystem& filesystem) const noexcept;

  private:
    struct Known {
        std::uint64_t device;
        double total_bytes;
    };
    std::vector<Known>& of(bool risky) noexcept { return known_[risky ? 1 : 0]; }

    std::array<std::vector<Known>, 2> known_; ///< by the safe and by the risky scan
    bool is_known_ = false;
};

} // namespace lxcmon::sample
