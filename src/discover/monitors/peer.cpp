// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/monitors/peer.hpp"

#include "discover/monitors/listener_uid.hpp"
#include "discover/monitors/sockets.hpp"
#include "io/kernel_file.hpp"
#include "io/proc_pid.hpp"
#include "io/unique_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <limits>

namespace lxcmon::discover {
namespace {

/// Checks in a round; each costs some microseconds.
constexpr int most_checks = 256;
/// A listener that takes no connection is not asked again for this time.
constexpr std::int64_t busy_pause_ns = 10'000'000'000;

/// True if the monitor closes the connection of a client that sends nothing. A stopped monitor does not.
bool hangs_up(int socket) noexcept {
    constexpr int deadline_msec = 100; // on a busy host it may not run for a while
    if (::shutdown(socket, SHUT_WR) != 0)
        return true; // already closed
    pollfd wait{socket, POLLIN, 0};
    return ::poll(&wait, 1, deadline_msec) != 0;
}

/// Number of nested pid namespaces of a process, from ours on. 0 if it has ended. /proc/PID/ns has this too,
/// but reading it hangs while the process hangs in exec.
std::size_t namespace_depth(const std::string& process) {
    std::string status; // a process with thousands of groups makes it long
    const int error = io::try_read_whole(AT_FDCWD, ("/proc/" + process + "/status").c_str(), status);
    return error == 0 ? io::pid_namespaces(status) : 0;
}

/// True if a process is in another pid namespace than ours: in a container. False also if the process has
/// ended, as the process that called listen() for a monitor often has.
bool is_in_other_namespace(pid_t pid) {
    return namespace_depth(std::to_string(pid)) > namespace_depth("self");
}

struct Peer {
    MonitorPeer peer = MonitorPeer::silent;
    pid_t pid = 0; ///< of the process that called listen(); 0 if it is not trusted
};

/// `trusted` or `untrusted`.
Peer check_peer(int socket, uid_t owner) {
    ucred peer{};
    socklen_t peer_bytes = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &peer_bytes) != 0 || peer.uid != owner ||
        is_in_other_namespace(peer.pid))
        return {MonitorPeer::untrusted};
    return {MonitorPeer::trusted, peer.pid};
}

/// Of a listener that takes no connection: its backlog is full. A monitor on a busy host may be such a one,
/// and any user can be it in place of a monitor.
Peer check_full_listener(const std::string& socket_name, uid_t owner) noexcept {
    const auto uid = listener_uid(socket_name);
    return {uid && *uid != owner && *uid != 0 ? MonitorPeer::untrusted : MonitorPeer::silent};
}

Peer check_listener(const std::string& lxcpath, const std::string& name, uid_t owner, bool waits) noexcept {
    const std::string socket_name = monitor_socket_name(lxcpath, name);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // An abstract name begins with NUL; its end is given by the length. monitor_socket_name() always fits.
    socket_name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    const io::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto address_bytes =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + socket_name.size());
    const void* const generic = &address;
    if (!socket)
        return {}; // no descriptor is left: the peer is unknown
    if (::connect(socket.get(), static_cast<const sockaddr*>(generic), address_bytes) != 0) {
        const int error = errno;
        if (error == EAGAIN && waits)
            return check_full_listener(socket_name, owner);
        return {error == ECONNREFUSED ? MonitorPeer::absent : MonitorPeer::silent};
    }
    const Peer peer = check_peer(socket.get(), owner);
    return peer.peer == MonitorPeer::trusted && waits && !hangs_up(socket.get()) ? Peer{} : peer;
}

} // namespace

MonitorPeer monitor_peer(const std::string& lxcpath, const std::string& name, uid_t owner) noexcept {
    return check_listener(lxcpath, name, owner, true).peer;
}

MonitorPeer monitor_listener(const std::string& lxcpath, const std::string& name, uid_t owner) noexcept {
    return check_listener(lxcpath, name, owner, false).peer;
}

pid_t monitor_pid(const std::string& lxcpath, const std::string& name, uid_t owner) noexcept {
    return check_listener(lxcpath, name, owner, false).pid;
}

void IgnoredListeners::start_round(std::size_t sockets, std::int64_t now_ns) noexcept {
    now_ns_ = now_ns;
    checks_left_ = most_checks;
    if (until_ns_.size() > sockets)
        until_ns_.clear(); // it has sockets that are gone
}

bool IgnoredListeners::contains(std::string_view lxcpath, std::string_view name,
                                std::uint64_t inode) const noexcept {
    const auto at = until_ns_.find(KeyView(lxcpath, name, inode));
    return at != until_ns_.end() && now_ns_ < at->second;
}

void IgnoredListeners::add(std::string_view lxcpath, std::string_view name, std::uint64_t inode) {
    ignore(lxcpath, name, inode, std::numeric_limits<std::int64_t>::max());
}

void IgnoredListeners::ignore(std::string_view lxcpath, std::string_view name, std::uint64_t inode,
                              std::int64_t until_ns) {
    until_ns_.insert_or_assign(Key(lxcpath, name, inode), until_ns);
}

bool IgnoredListeners::is_monitor(Place place, const std::string& name, std::uint64_t inode, uid_t owner) {
    if (contains(place.lxcpath, name, inode) || checks_left_ == 0)
        return false;
    --checks_left_;
    const MonitorPeer peer = monitor_listener(place.path, name, owner);
    if (peer == MonitorPeer::untrusted)
        add(place.lxcpath, name, inode);
    else if (peer == MonitorPeer::silent)
        ignore(place.lxcpath, name, inode, now_ns_ + busy_pause_ns);
    return peer == MonitorPeer::trusted;
}

} // namespace lxcmon::discover
