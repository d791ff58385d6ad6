#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::discover {

/// The abstract unix socket, without its leading NUL, on which liblxc's monitor of a container listens:
/// LXCPATH/NAME/command, or lxc/HASH/command where that is too long for an address (liblxc's
/// commands_utils.c).
[[nodiscard]] std::string monitor_socket_name(const std::string& lxcpath, const std::string& name);

/// The abstract stream sockets of this network namespace that somebody listens on, from /proc/net/unix. Only
/// hints: any user can make such a socket under any name. liblxc's own list_active_containers() is not used,
/// since it asks whoever listens, and waits for the answer for ever.
class MonitorSockets {
  public:
    MonitorSockets() = default;
    /// Parses the text of /proc/net/unix. Lines that are not of its form are passed over.
    explicit MonitorSockets(std::string_view proc_net_unix);

    [[nodiscard]] bool has(const std::string& lxcpath, const std::string& name) const;
    /// Names of containers of which a monitor seems to run, but for those whose socket's name is hashed.
    [[nodiscard]] std::vector<std::string> names(const std::string& lxcpath) const;

  private:
    std::set<std::string, std::less<>> listening_;
};

} // namespace lxcmon::discover
