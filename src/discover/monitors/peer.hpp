// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

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
/// A listener that takes no connection, because its backlog is full, is `untrusted` if neither `owner` nor
/// root has created its socket (listener_uid()). Blocks for up to 100 ms.
[[nodiscard]] MonitorPeer monitor_peer(const std::string& lxcpath, const std::string& name,
                                       uid_t owner) noexcept;
/// The same without waiting for a monitor: `trusted` may be silent, and a full backlog is always `silent`.
[[nodiscard]] MonitorPeer monitor_listener(const std::string& lxcpath, const std::string& name,
                                           uid_t owner) noexcept;
/// The process that has called listen() for a monitor that is `trusted` and may be silent; it may have ended
/// since. 0 if there is none. The same one before and after questions of liblxc: no other has answered these.
[[nodiscard]] pid_t monitor_pid(const std::string& lxcpath, const std::string& name, uid_t owner) noexcept;

/// The sockets that have the name of a monitor's and are none: any user can create thousands of these. Each
/// is checked once, as long as it exists, and only some in a round.
class IgnoredListeners {
  public:
    /// `sockets`: how many exist now.
    void start_round(std::size_t sockets, std::int64_t now_ns) noexcept;
    /// `inode` of a container's socket; see MonitorSockets. Any user can forge a line there with an inode of
    /// another name, so an inode counts for its name alone.
    [[nodiscard]] bool contains(std::string_view lxcpath, std::string_view name,
                                std::uint64_t inode) const noexcept;
    /// Ignores this socket as long as it exists.
    void add(std::string_view lxcpath, std::string_view name, std::uint64_t inode);
    struct Place {
        const std::string& lxcpath;
        const std::string& path; ///< of the lxcpath, in the name of the socket
    };
    /// Checks if `owner` listens as the monitor of this container, unless that is known or this round has had
    /// enough checks. Does not wait.
    [[nodiscard]] bool is_monitor(Place place, const std::string& name, std::uint64_t inode, uid_t owner);

  private:
    void ignore(std::string_view lxcpath, std::string_view name, std::uint64_t inode, std::int64_t until_ns);

    using Key = std::tuple<std::string, std::string, std::uint64_t>; ///< lxcpath, name, inode
    using KeyView = std::tuple<std::string_view, std::string_view, std::uint64_t>;
    struct Less {
        using is_transparent = void;
        bool operator()(const KeyView& left, const KeyView& right) const noexcept { return left < right; }
    };
    std::map<Key, std::int64_t, Less> until_ns_; ///< CLOCK_MONOTONIC
    std::int64_t now_ns_ = 0;
    int checks_left_ = 0;
};

} // namespace lxcmon::discover
