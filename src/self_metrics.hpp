#pragma once

#include <cstdint>

namespace lxcmon {

/// What the agent counts about itself, besides what delivery counts (deliver::Counts).
struct SelfMetrics {
    std::size_t containers = 0;    ///< seen at the last tick
    std::size_t points = 0;        ///< of the last tick
    std::int64_t tick_usec = 0;    ///< how long the last tick took
    std::int64_t missed_ticks = 0; ///< since the start: too late, and not made up for
    std::uint64_t sample_errors =
        0; ///< since the start: containers that had a figure missing that should be there
};

} // namespace lxcmon
