#include "discover/monitor_peer.hpp"

#include "io/unique_fd.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdio>

namespace lxcmon::discover {
namespace {

/// A monitor hangs up at once on a caller who says nothing. One that is stopped by a signal does not.
bool hangs_up(int socket) noexcept {
    constexpr int deadline_msec = 250;
    if (::shutdown(socket, SHUT_WR) != 0)
        return true; // it has already
    pollfd wait{socket, POLLIN, 0};
    return ::poll(&wait, 1, deadline_msec) != 0;
}

} // namespace

MonitorPeer monitor_peer(const std::string& lxcpath, const std::string& name) noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // An abstract name begins with NUL and ends where the length says.
    const int length = std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s/%s/command",
                                     lxcpath.c_str(), name.c_str());
    if (length < 0 || static_cast<std::size_t>(length) >= sizeof address.sun_path - 1)
        return MonitorPeer::unknown;
    const io::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto address_bytes =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + static_cast<std::size_t>(length));
    const void* const generic = &address;
    if (!socket || ::connect(socket.get(), static_cast<const sockaddr*>(generic), address_bytes) != 0)
        return MonitorPeer::unknown;
    ucred peer{};
    socklen_t peer_bytes = sizeof peer;
    struct stat owner {};
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &peer_bytes) != 0 ||
        ::stat(lxcpath.c_str(), &owner) != 0)
        return MonitorPeer::untrusted;
    if (peer.uid != 0 && peer.uid != owner.st_uid)
        return MonitorPeer::untrusted;
    return hangs_up(socket.get()) ? MonitorPeer::trusted : MonitorPeer::silent;
}

} // namespace lxcmon::discover
