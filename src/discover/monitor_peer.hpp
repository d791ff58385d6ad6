#pragma once

#include <string>

namespace lxcmon::discover {

/// Whether the process that answers as the monitor of this container may do so. liblxc finds monitors by the
/// name of an abstract unix socket, which any user of the host, and root of a container without a network
/// namespace of its own, can take while the container is stopped. The kernel's word on who listens there
/// (SO_PEERCRED, unix(7)) must be root or the owner of `lxcpath`.
enum class MonitorPeer {
    trusted,
    untrusted,
    silent, ///< trusted, but does not answer (stopped by a signal): a question to it would wait for ever
    unknown ///< nobody listens under the plain name: stopped, or a path so long that liblxc hashes it
};
[[nodiscard]] MonitorPeer monitor_peer(const std::string& lxcpath, const std::string& name) noexcept;

} // namespace lxcmon::discover
