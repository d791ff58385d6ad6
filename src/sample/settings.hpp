// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/selection.hpp"
#include "sample/container_tags.hpp"
#include "text/name_globs.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace lxcmon::sample {

struct SampleSettings {
    CommonTags tags{};
    int root_fd = -1;                                   ///< borrowed; "/" except in tests
    std::chrono::milliseconds namespace_deadline{2000}; ///< of one request to a helper process
    /// How long one kind of scan may delay a tick, see TimeBudget.
    std::chrono::nanoseconds scan_budget{std::chrono::seconds(2)};
    /// How long a tick waits for the kernel's lists of interfaces, see LinkLister.
    std::chrono::nanoseconds links_wait{std::chrono::seconds(2)};
    Selection selection = Selection::by_default();
    std::vector<std::string> fs_include{},
        fs_exclude{};                        ///< globs on mount point (with a leading slash) or type
    std::chrono::nanoseconds fs_interval{0}; ///< between two scans of a filesystem; 0: each tick
    /// Between two reads of the seldom files (see Cadence); 0: each tick.
    std::chrono::nanoseconds seldom_interval{0};
    /// A reading that is made so long after its tick was due has its own timestamp, see TickClock; max: none.
    std::chrono::nanoseconds late_after = std::chrono::nanoseconds::max();
    bool net_loopback = false;    ///< lxc_net and host_net of lo, too
    text::NameGlobs net_globs{};  ///< on the names of interfaces, of containers and the host
    text::NameGlobs io_globs{};   ///< on the names of block devices, of containers and the host
    std::size_t top_commands = 5; ///< of each container, in lxc_process

    friend bool operator==(const SampleSettings&, const SampleSettings&) = default;
};

} // namespace lxcmon::sample
