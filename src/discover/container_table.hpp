// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/folder_watch.hpp"
#include "discover/monitor_peer.hpp"
#include "discover/monitor_sockets.hpp"
#include "discover/pve_names.hpp"
#include "discover/settings.hpp"
#include "model/container.hpp"

#include <poll.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::discover {

/// lxc.lxcpath of liblxc, and the lxcpaths of LXD and Incus that exist on this host.
[[nodiscard]] std::vector<std::string> default_lxcpaths();

/// True if `include` and `exclude` select this name.
[[nodiscard]] bool is_selected(const std::string& name, const DiscoverSettings& settings) noexcept;

/// All containers of the host, running or stopped, kept from tick to tick. Sampling thread only.
class ContainerTable {
  public:
    explicit ContainerTable(DiscoverSettings settings);

    /// Updates the table; call once a tick. An lxcpath that can't be listed is logged once and does not
    /// affect the others. Started, stopped, created and destroyed containers are seen at once. A
    /// configuration that appears or disappears in an existing folder is seen within ListingSettings::period.
    /// Throws std::system_error if /proc/net/unix can't be read.
    void refresh();

    /// Ordered by lxcpath, then name. Valid until the next refresh(); the address of an entry does not change
    /// while the container exists.
    [[nodiscard]] const std::vector<const Container*>& containers() const noexcept { return view_; }
    [[nodiscard]] const std::vector<std::string>& lxcpaths() const noexcept { return settings_.lxcpaths; }
    /// Number of containers whose state is unknown or whose name repeats another; the reason was logged.
    [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }
    /// Error of each lxcpath that could not be listed at the last refresh(), by lxcpath.
    [[nodiscard]] const std::map<std::string, std::string>& faults() const noexcept { return faults_; }

  private:
    struct Entry {
        Container container;
        std::string uts_name;    ///< lxc.uts.name, or the name from LXD
        std::string socket_name; ///< of its monitor
        bool seen = false;
        bool defined = false;      ///< has a configuration, not only a monitor
        bool ended = false;        ///< its init has ended
        bool configured = false;   ///< its configuration was read once
        bool known = false;        ///< its state is known; else it is not in the view
        std::string fault;         ///< why not, as last logged
        std::int64_t retry_ns = 0; ///< CLOCK_MONOTONIC of the next attempt
        bool fault_active = false; ///< had a monitor socket then: a change causes an attempt at once
        int silences = 0;          ///< consecutive attempts without an answer of its monitor
        bool reported_untrusted = false;
    };
    using Entries = std::map<std::string, std::unique_ptr<Entry>, std::less<>>;

    struct Path {
        FolderWatch folder;
        Entries entries;
    };

    void poll_ended();
    [[nodiscard]] bool has_all_running(const std::string& lxcpath, const Entries& entries) const;
    void update_all(Entries& entries);
    void list(const std::string& lxcpath, Entries& entries);
    void mark_seen(const std::string& lxcpath, const std::string& name, bool defined, Entries& entries);
    void update(Entry& entry);
    void note_fault(Entry& entry, std::string fault, bool is_silent, bool active, std::int64_t now_ns);
    [[nodiscard]] MonitorPeer peer_of(Entry& entry);
    /// Queries liblxc. False if the monitor does not answer. Throws on other failures.
    [[nodiscard]] bool query_liblxc(Entry& entry, bool active);
    void mark_shadowed();
    void set_host_name(Entry& entry) const;
    void make_view();

    DiscoverSettings settings_;
    std::vector<Path> by_path_; ///< same index as settings_.lxcpaths
    std::vector<pollfd> polls_;
    std::vector<const Container*> view_;
    std::map<std::string, std::string> faults_;
    MonitorSockets sockets_;
    PveNames pve_names_;
    MonitorPeers peers_;          ///< of containers in the table
    MonitorPeers unlisted_peers_; ///< of sockets without an entry: any user can create these
    std::size_t left_out_ = 0;
    std::uint64_t last_id_ = 0;
    std::uint64_t last_incarnation_ = 0;
};

} // namespace lxcmon::discover
