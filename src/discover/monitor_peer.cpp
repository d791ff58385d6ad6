#include "discover/monitor_peer.hpp"

#include "io/unique_fd.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdio>

namespace lxcmon::discover {

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
    struct stat owner{};
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &peer_bytes) != 0 ||
        ::stat(lxcpath.c_str(), &owner) != 0)
        return MonitorPeer::untrusted;
    return peer.uid == 0 || peer.uid == owner.st_uid ? MonitorPeer::trusted : MonitorPeer::untrusted;
}

} // namespace lxcmon::discover
