// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

    /// Reads /proc/net/unix. Allocates only if the text is longer than before. Returns 0 or the errno; after
    /// an error the sockets of the last successful read() stay. ETIME: it would take more than 50 ms of CPU,
    /// as any user can make with thousands of sockets in one place of the kernel's table.
    [[nodiscard]] int read();
    /// read(), and logs when it begins to fail and works again. Throws std::system_error if the first one
    /// fails, except with ETIME.
    void refresh();
    /// Of the last refresh(); 0: none.
    [[nodiscard]] int error() const noexcept { return error_; }

    /// Inode of the socket with this monitor_socket_name(); 0 if no process listens. A new socket of the same
    /// name has another inode.
    [[nodiscard]] std::uint64_t inode_of(std::string_view socket_name) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return listening_.size(); }
    /// Calls `each(name, inode)` for each container of `lxcpath` with a monitor socket, except those with a
    /// hashed socket name.
    template <typename Callback>
    void for_each_name(std::string_view lxcpath, Callback&& each) const {
        for (auto at = std::ranges::lower_bound(listening_, lxcpath, {}, &Listener::name);
             at != listening_.end() && at->name.starts_with(lxcpath); ++at)
            if (const std::string_view name = name_within(at->name, lxcpath); !name.empty())
                each(name, at->inode);
    }

    /// Calls `each(lxcpath, name)` for each socket with the name of a monitor's, except hashed ones: the
    /// lxcpath as the program has spelled it that started the container. Sorted, those behind LXCPATH/NAME
    /// `after` only; false ends it.
    template <typename Callback>
    void for_each_monitor(std::string_view after, Callback&& each) const {
        for (std::size_t at = first_behind(after); at < listening_.size(); ++at) {
            const std::string_view path = without_suffix(listening_[at].name);
            const std::size_t slash = path.rfind('/');
            if (path.starts_with('/') && !each(path.substr(0, slash), path.substr(slash + 1)))
                return;
        }
    }

  private:
    struct Listener {
        std::string_view name; ///< in text_
        std::uint64_t inode;
    };

    void parse();
    [[nodiscard]] std::size_t first_behind(std::string_view after) const;
    static std::string_view without_suffix(std::string_view socket_name) noexcept;
    static std::string_view name_within(std::string_view socket_name, std::string_view lxcpath) noexcept;

    bool is_first_ = true;
    int error_ = 0;
    std::string text_;
    std::string next_text_;           ///< keeps its memory
    std::vector<Listener> listening_; ///< sorted by name
};

} // namespace lxcmon::discover
