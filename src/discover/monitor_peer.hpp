#pragma once

#include <string>

namespace lxcmon::discover {

/// Whether the process that answers as the monitor of this container may do so. liblxc finds monitors by the
/// name of an abstract unix socket, which any user of the host, and root of a container without a network
/// namespace of its own, can take while the container is stopped. The kernel's word on who listens there
/// (SO_PEERCRED, unix(7)) must be root or the owner of `lxcpath`, and no process of another pid namespace.
/// liblxc may be asked about the container only where the answer is `trusted`: it waits for ever for an
/// answer.
enum class MonitorPeer {
    trusted,
    untrusted,
    silent, ///< does not answer (still starting, stopped by a signal, flooded): a question might never end
    absent  ///< nobody listens
};
[[nodiscard]] MonitorPeer monitor_peer(const std::string& lxcpath, const std::string& name) noexcept;

/// monitor_peer() of many, which waits in vain only a few times in a round: then all are silent.
class MonitorPeers {
  public:
    void renew() noexcept { silent_left_ = most_silent; }
    [[nodiscard]] MonitorPeer ask(const std::string& lxcpath, const std::string& name) noexcept;

  private:
    static constexpr int most_silent = 3;
    int silent_left_ = most_silent;
};

} // namespace lxcmon::discover
