// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/settings.hpp"
#include "model/selection.hpp"
#include "sample/settings.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace lxcmon::app {

/// Selects the containers and fields to sample, and the interval.
struct CollectSettings {
    discover::DiscoverSettings discover;
    /// The Collector sets the members that depend on other settings.
    sample::SampleSettings sample{.fs_interval = std::chrono::seconds(60)};
    std::vector<std::string> metrics; ///< patterns of Selection::of()
    bool sample_host = true;
    std::chrono::nanoseconds interval = std::chrono::seconds(10);
    bool follows_host_name = false; ///< the tag host is the host's own name, which may change
    bool once = false;              ///< no tick follows: read everything now
    bool reads_all = false;         ///< each tick has every figure, also those that change seldom

    /// The measurements and fields to send.
    [[nodiscard]] Selection selection() const {
        Selection selection = Selection::of(metrics);
        if (!sample_host)
            selection.remove("host_*");
        return selection;
    }

    friend bool operator==(const CollectSettings&, const CollectSettings&) = default;
};

} // namespace lxcmon::app
