#include "discover/monitor_peer.hpp"

#include "discover/monitor_sockets.hpp"
#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "io/unique_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace lxcmon::discover {
namespace {

/// A monitor hangs up at once on a caller who says nothing. One that is stopped by a signal does not.
bool hangs_up(int socket) noexcept {
    constexpr int deadline_msec = 100; // on a busy host it may not run for a while
    if (::shutdown(socket, SHUT_WR) != 0)
        return true; // it has already
    pollfd wait{socket, POLLIN, 0};
    return ::poll(&wait, 1, deadline_msec) != 0;
}

/// In how many pid namespaces, from ours on, a process has a number: NSpid of /proc/PID/status (proc(5)). 0
/// where it has ended. /proc/PID/ns would say it, too, but to read that hangs while the process hangs in
/// exec.
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

/// Whether a process is of another pid namespace than ours: a container's. The process that called listen()
/// for a monitor has often ended by now: then this can't be told.
bool is_in_other_namespace(pid_t pid) noexcept {
    return namespace_depth(std::to_string(pid)) > namespace_depth("self");
}

MonitorPeer judge(int socket, const std::string& lxcpath) noexcept {
    ucred peer{};
    socklen_t peer_bytes = sizeof peer;
    struct stat owner {};
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &peer_bytes) != 0 ||
        ::stat(lxcpath.c_str(), &owner) != 0 || (peer.uid != 0 && peer.uid != owner.st_uid) ||
        is_in_other_namespace(peer.pid))
        return MonitorPeer::untrusted;
    return hangs_up(socket) ? MonitorPeer::trusted : MonitorPeer::silent;
}

} // namespace

MonitorPeer monitor_peer(const std::string& lxcpath, const std::string& name) noexcept {
    const std::string socket_name = monitor_socket_name(lxcpath, name);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // An abstract name begins with NUL and ends where the length says; liblxc's fit, see
    // monitor_socket_name().
    socket_name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    const io::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto address_bytes =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + socket_name.size());
    const void* const generic = &address;
    if (!socket)
        return MonitorPeer::silent; // no descriptor is left: nothing is known
    if (::connect(socket.get(), static_cast<const sockaddr*>(generic), address_bytes) != 0)
        return errno == EAGAIN ? MonitorPeer::silent : MonitorPeer::absent;
    return judge(socket.get(), lxcpath);
}

MonitorPeer MonitorPeers::ask(const std::string& lxcpath, const std::string& name) noexcept {
    if (silent_left_ == 0)
        return MonitorPeer::silent; // enough time has gone by for one round
    const MonitorPeer peer = monitor_peer(lxcpath, name);
    if (peer == MonitorPeer::silent)
        --silent_left_;
    return peer;
}

} // namespace lxcmon::discover
