// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/monitor_peer.hpp"

#include "discover/monitor_sockets.hpp"
#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "io/unique_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace lxcmon::discover {
namespace {

/// True if the monitor closes the connection of a client that sends nothing. A stopped monitor does not.
bool hangs_up(int socket) noexcept {
    constexpr int deadline_msec = 100; // on a busy host it may not run for a while
    if (::shutdown(socket, SHUT_WR) != 0)
        return true; // already closed
    pollfd wait{socket, POLLIN, 0};
    return ::poll(&wait, 1, deadline_msec) != 0;
}

/// Number of nested pid namespaces of a process, from ours on: NSpid of /proc/PID/status (proc(5)). 0 if it
/// has ended. /proc/PID/ns has this too, but reading it hangs while the process hangs in exec.
std::size_t namespace_depth(const std::string& process) noexcept {
    std::array<char, 8192> buffer{};
    const std::string path = "/proc/" + process + "/status";
    std::size_t depth = 0;
    io::for_each_line(io::read_once(AT_FDCWD, path.c_str(), buffer).text, [&](std::string_view line) {
        if (line.starts_with("NSpid:"))
            depth = static_cast<std::size_t>(std::ranges::count(line, '\t'));
    });
    return depth;
}

/// True if a process is in another pid namespace than ours: in a container. False also if the process has
/// ended, as the process that called listen() for a monitor often has.
bool is_in_other_namespace(pid_t pid) noexcept {
    return namespace_depth(std::to_string(pid)) > namespace_depth("self");
}

/// `trusted` or `untrusted`.
MonitorPeer check_peer(int socket, uid_t owner) noexcept {
    ucred peer{};
    socklen_t peer_bytes = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &peer_bytes) != 0 || peer.uid != owner ||
        is_in_other_namespace(peer.pid))
        return MonitorPeer::untrusted;
    return MonitorPeer::trusted;
}

MonitorPeer check_listener(const std::string& lxcpath, const std::string& name, uid_t owner,
                           bool waits) noexcept {
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
        return MonitorPeer::silent; // no descriptor is left: the peer is unknown
    if (::connect(socket.get(), static_cast<const sockaddr*>(generic), address_bytes) != 0)
        return errno == ECONNREFUSED ? MonitorPeer::absent : MonitorPeer::silent;
    const MonitorPeer peer = check_peer(socket.get(), owner);
    return peer == MonitorPeer::trusted && waits && !hangs_up(socket.get()) ? MonitorPeer::silent : peer;
}

} // namespace

MonitorPeer monitor_peer(const std::string& lxcpath, const std::string& name, uid_t owner) noexcept {
    return check_listener(lxcpath, name, owner, true);
}

MonitorPeer monitor_listener(const std::string& lxcpath, const std::string& name, uid_t owner) noexcept {
    return check_listener(lxcpath, name, owner, false);
}

} // namespace lxcmon::discover
