#pragma once

#include <algorithm>
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
    /// Of a text of /proc/net/unix. Lines that are not of its form are passed over.
    explicit MonitorSockets(std::string proc_net_unix);
    MonitorSockets(const MonitorSockets&) = delete;
    MonitorSockets& operator=(const MonitorSockets&) = delete;
    ~MonitorSockets() = default;

    /// Of what /proc/net/unix says now. Allocates nothing where that is no longer than before. Throws
    /// std::system_error.
    void read();

    /// Whether somebody listens at such a monitor_socket_name().
    [[nodiscard]] bool has(std::string_view socket_name) const noexcept;
    /// Calls `each(name)` for each container of which a monitor seems to run, but for those whose socket's
    /// name is hashed.
    template <typename Callback>
    void for_each_name(std::string_view lxcpath, Callback&& each) const {
        for (auto at = std::ranges::lower_bound(listening_, lxcpath);
             at != listening_.end() && at->starts_with(lxcpath); ++at)
            if (const std::string_view name = name_within(*at, lxcpath); !name.empty())
                each(name);
    }

  private:
    void parse();
    static std::string_view name_within(std::string_view socket_name, std::string_view lxcpath) noexcept;

    std::string text_;
    std::vector<std::string_view> listening_; ///< in text_, sorted
};

} // namespace lxcmon::discover
