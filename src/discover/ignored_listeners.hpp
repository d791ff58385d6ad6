// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace lxcmon::discover {

/// The sockets that have the name of a monitor's and are none: any user can create thousands of these. Each
/// is checked once, as long as it exists, and only some in a round.
class IgnoredListeners {
  public:
    /// `sockets`: how many exist now.
    void start_round(std::size_t sockets, std::int64_t now_ns) noexcept;
    /// `inode` of a socket; see MonitorSockets.
    [[nodiscard]] bool contains(std::uint64_t inode) const noexcept;
    /// Ignores this socket as long as it exists.
    void add(std::uint64_t inode);
    /// Checks if `owner` listens as the monitor of this container, unless that is known or this round has had
    /// enough checks. Does not wait.
    [[nodiscard]] bool is_monitor(const std::string& lxcpath, const std::string& name, std::uint64_t inode,
                                  uid_t owner);

  private:
    std::unordered_map<std::uint64_t, std::int64_t> until_ns_; ///< CLOCK_MONOTONIC, by inode
    std::int64_t now_ns_ = 0;
    int checks_left_ = 0;
};

} // namespace lxcmon::discover
