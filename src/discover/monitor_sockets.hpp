// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::discover {

/// Name of the abstract unix socket, without its leading NUL, on which liblxc's monitor of a container
/// listens: LXCPATH/NAME/command, or lxc/HASH/command if that is too long for an address (liblxc's
/// commands_utils.c).
[[nodiscard]] std::string monitor_socket_name(const std::string& lxcpath, const std::string& name);

/// The listening abstract stream sockets of this network namespace, from /proc/net/unix. Only hints: any user
/// can create such a socket with any name. liblxc's list_active_containers() is not used, because it queries
/// every listening process and waits for the answer without a time-out.
class MonitorSockets {
  public:
    MonitorSockets() = default;
    /// Parses a text of /proc/net/unix. Skips malformed lines.
    explicit MonitorSockets(std::string proc_net_unix);
    MonitorSockets(const MonitorSockets&) = delete;
    MonitorSockets& operator=(const MonitorSockets&) = delete;
    ~MonitorSockets() = default;

    /// Reads /proc/net/unix. Allocates only if the text is longer than before. Throws std::system_error.
    void read();

    /// True if a process listens on this monitor_socket_name().
    [[nodiscard]] bool has(std::string_view socket_name) const noexcept;
    /// Calls `each(name)` for each container of `lxcpath` with a monitor socket, except those with a hashed
    /// socket name.
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
