// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace lxcmon::discover {

struct ListingSettings {
    /// A folder is listed again so often at the least, for what has changed within its own folders.
    std::chrono::nanoseconds period{60'000'000'000};
    /// And at each refresh for so long after it has changed: the kernel tells the time of a change by a
    /// coarse clock, and who makes a folder for a container writes the configuration a little later.
    std::chrono::nanoseconds settling{5'000'000'000};

    friend bool operator==(const ListingSettings&, const ListingSettings&) = default;
};

struct PveSettings {
    std::string folder = "/etc/pve/lxc"; ///< absolute, at least three components: the second is the mount
    std::chrono::milliseconds period{60'000};
    std::chrono::milliseconds first_wait{200};  ///< for the first look, which most often takes no time
    std::chrono::milliseconds patience{10'000}; ///< one that takes longer hangs

    friend bool operator==(const PveSettings&, const PveSettings&) = default;
};

struct DiscoverSettings {
    std::vector<std::string> lxcpaths; ///< in order; empty: default_lxcpaths()
    std::vector<std::string> include;  ///< globs (fnmatch(3)) on the name; empty: all
    std::vector<std::string> exclude;  ///< win over `include`
    PveSettings pve{};
    ListingSettings listing{};

    friend bool operator==(const DiscoverSettings&, const DiscoverSettings&) = default;
};

} // namespace lxcmon::discover
