// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace lxcmon::discover {

/// Checks the process that listens as the monitor of a container. liblxc finds monitors by the name of an
/// abstract unix socket. While the container is stopped, any user of the host, and root in a container that
/// shares the host's network namespace, can bind that name. The user of the listening process (SO_PEERCRED,
/// unix(7)) must be root or the owner of `lxcpath`, and the process must not be in another pid namespace.
/// Query liblxc about the container only if the result is `trusted`: liblxc waits for the answer without a
/// time-out. Blocks for up to 100 ms.
enum class MonitorPeer {
    trusted,
    untrusted,
    silent, ///< does not answer (starting, stopped by a signal, overloaded): a query could hang
    absent  ///< no process listens
};
[[nodiscard]] MonitorPeer monitor_peer(const std::string& lxcpath, const std::string& name) noexcept;

/// monitor_peer() for many containers. After 3 silent peers in a round all further ones count as silent,
/// without a check.
class MonitorPeers {
  public:
    /// Starts a new round.
    void start_round() noexcept { silent_left_ = most_silent; }
    [[nodiscard]] MonitorPeer ask(const std::string& lxcpath, const std::string& name) noexcept;

  private:
    static constexpr int most_silent = 3;
    int silent_left_ = most_silent;
};

} // namespace lxcmon::discover
