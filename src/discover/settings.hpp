// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace lxcmon::discover {

struct ListingSettings {
    /// Longest time between two listings of a folder: changes within its subfolders are seen only then.
    std::chrono::nanoseconds period{60'000'000'000};
    /// After a change the folder is listed at each refresh for this time: the kernel stamps changes with a
    /// coarse clock, and tools write the configuration shortly after they create a container's folder.
    std::chrono::nanoseconds settling{5'000'000'000};
    /// Time between two listings of a folder that is not root's: the agent itself does not touch it.
    std::chrono::nanoseconds foreign_period{5'000'000'000};
    /// Time between two looks for the default lxcpaths: LXC, LXD or Incus may be installed later, or moved.
    std::chrono::nanoseconds defaults_period{30'000'000'000};

    friend bool operator==(const ListingSettings&, const ListingSettings&) = default;
};

struct PveSettings {
    std::string folder = "/etc/pve/lxc"; ///< absolute, 3 components or more; its parent is the mount point
    std::string lxcpath;                 ///< of its containers; empty: default_lxcpath()

    friend bool operator==(const PveSettings&, const PveSettings&) = default;
};

/// Of Proxmox VE, LXD and Incus; see Manager.
struct ManagerSettings {
    std::chrono::milliseconds period{60'000};
    std::chrono::milliseconds first_wait{2'000};  ///< of refresh() for the first scan
    std::chrono::milliseconds hang_after{10'000}; ///< a longer scan counts as hung
    /// Pause after a failed scan before there is any answer; doubled after each, up to `period`.
    std::chrono::milliseconds first_retry{2'000};

    friend bool operator==(const ManagerSettings&, const ManagerSettings&) = default;
};

struct LiblxcSettings {
    std::chrono::milliseconds deadline{1'000};    ///< for each question
    std::chrono::milliseconds wait{100};          ///< longest time of a refresh() for answers
    std::chrono::milliseconds first_wait{10'000}; ///< of the first refresh()

    friend bool operator==(const LiblxcSettings&, const LiblxcSettings&) = default;
};

struct DiscoverSettings {
    std::vector<std::string> lxcpaths; ///< in this order; empty: default_lxcpaths(), which may change
    std::vector<std::string> include;  ///< globs (fnmatch(3)) for is_selected(); empty: all
    std::vector<std::string> exclude;  ///< globs; override `include`
    PveSettings pve{};
    ManagerSettings managers{};
    ListingSettings listing{};
    LiblxcSettings liblxc{};

    friend bool operator==(const DiscoverSettings&, const DiscoverSettings&) = default;
};

} // namespace lxcmon::discover
