// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <string>

namespace lxcmon::discover {

/// Checks the process that listens as the monitor of a container. liblxc finds monitors by the name of an
/// abstract unix socket. While the container is stopped, any user of the host, and root in a container that
/// shares the host's network namespace, can bind that name. The user of the listening process (SO_PEERCRED,
/// unix(7)) must be `owner`, the user who decides what is at `lxcpath`, and the process must not be in
/// another pid namespace. A root's monitor does not answer questions of other users, and must not be asked as
/// root about what a user has written. Query liblxc about the container only if the result is `trusted`:
/// liblxc waits for the answer without a time-out.
enum class MonitorPeer {
    trusted,
    untrusted,
    silent, ///< does not answer (starting, stopped by a signal, overloaded): a query could hang
    absent  ///< no process listens
};
/// Blocks for up to 100 ms.
[[nodiscard]] MonitorPeer monitor_peer(const std::string& lxcpath, const std::string& name,
                                       uid_t owner) noexcept;
/// The same without waiting for a monitor: `trusted` may be silent.
[[nodiscard]] MonitorPeer monitor_listener(const std::string& lxcpath, const std::string& name,
                                           uid_t owner) noexcept;

} // namespace lxcmon::discover
