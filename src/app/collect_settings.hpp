// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/settings.hpp"
#include "model/selection.hpp"
#include "sample/settings.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace lxcmon::app {

/// Which containers are sampled, what of them, and how often.
struct CollectSettings {
    discover::DiscoverSettings discover;
    /// The Collector sets the parts that follow from the rest.
    sample::SampleSettings sample{.fs_interval = std::chrono::seconds(60)};
    std::vector<std::string> metrics; ///< patterns of Selection::of()
    bool sample_host = true;
    std::chrono::nanoseconds interval = std::chrono::seconds(10);
    bool once = false; ///< no tick follows: everything is read now

    /// The measurements and fields that these settings send.
    [[nodiscard]] Selection selection() const {
        Selection selection = Selection::of(metrics);
        if (!sample_host)
            selection.remove("host_*");
        return selection;
    }

    friend bool operator==(const CollectSettings&, const CollectSettings&) = default;
};

} // namespace lxcmon::app
