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

/// liblxc's own lxc.lxcpath, and those of LXD and Incus that exist on this host.
[[nodiscard]] std::vector<std::string> default_lxcpaths();

[[nodiscard]] bool is_selected(const std::string& name, const DiscoverSettings& settings) noexcept;

/// Every container of the host, running or not, kept from tick to tick. Sampling thread only.
class ContainerTable {
  public:
    explicit ContainerTable(DiscoverSettings settings);

    /// Looks again. An lxcpath that can't be listed is logged when that begins and keeps nobody else back. A
    /// container that starts or ends is seen at once, as is one that is made or destroyed; where its
    /// configuration comes or goes while its folder stays, within ListingSettings::period.
    void refresh();

    /// In order of lxcpath, then name. Valid until the next refresh(); an entry's address stays the same as
    /// long as the container is there.
    [[nodiscard]] const std::vector<const Container*>& containers() const noexcept { return view_; }
    [[nodiscard]] const std::vector<std::string>& lxcpaths() const noexcept { return settings_.lxcpaths; }
    /// Containers that are there but whose state can't be told; why was logged.
    [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }
    /// What is wrong with each lxcpath that could not be listed at the last refresh().
    [[nodiscard]] const std::map<std::string, std::string>& faults() const noexcept { return faults_; }

  private:
    struct Entry {
        Container container;
        std::string uts_name;    ///< lxc.uts.name, or what LXD made it
        std::string socket_name; ///< its monitor's
        bool seen = false;
        bool defined = false;      ///< listed, and not only known by its monitor
        bool ended = false;        ///< the init that was running
        bool configured = false;   ///< its configuration has been read once
        bool known = false;        ///< its state could be told; else it is left out of the view
        std::string fault;         ///< why not, as it was logged last
        std::int64_t again_ns = 0; ///< CLOCK_MONOTONIC before which it is not asked again
        bool fault_active = false; ///< whether it seemed to run then: when that changes it is asked at once
        int silences = 0;          ///< times in a row that its monitor did not answer
        bool said_untrusted = false;
    };
    using Entries = std::map<std::string, std::unique_ptr<Entry>, std::less<>>;

    struct Path {
        FolderWatch folder;
        Entries entries;
    };

    void note_ended();
    [[nodiscard]] bool has_all_running(const std::string& lxcpath, const Entries& entries) const;
    void update_all(Entries& entries);
    void list(const std::string& lxcpath, Entries& entries);
    void see(const std::string& lxcpath, const std::string& name, bool defined, Entries& entries);
    void update(Entry& entry);
    void note_fault(Entry& entry, std::string fault, bool is_silent, bool active, std::int64_t now_ns);
    [[nodiscard]] MonitorPeer peer_of(Entry& entry);
    /// Asks liblxc. False where the monitor does not answer.
    [[nodiscard]] bool contact(Entry& entry, bool active);
    void mark_shadowed();
    void name_host(Entry& entry) const;
    void make_view();

    DiscoverSettings settings_;
    std::vector<Path> by_path_; ///< same index as settings_.lxcpaths
    std::vector<pollfd> polls_;
    std::vector<const Container*> view_;
    std::map<std::string, std::string> faults_;
    MonitorSockets sockets_;
    PveNames pve_names_;
    MonitorPeers peers_;     ///< of containers that are known
    MonitorPeers strangers_; ///< of names that anybody may have made up
    std::size_t left_out_ = 0;
    std::uint64_t last_id_ = 0;
    std::uint64_t last_incarnation_ = 0;
};

} // namespace lxcmon::discover
