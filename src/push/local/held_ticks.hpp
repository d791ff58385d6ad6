// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/collect_settings.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace lxcmon::push {

/// How many ticks a value stays that is not sampled at each tick: half as many more as the longest regular
/// time between two samples has. That is the time of filesystems, or the minute of a slow filesystem and of a
/// value that seldom changes.
[[nodiscard]] inline std::uint64_t held_ticks(const app::CollectSettings& settings) {
    constexpr std::chrono::nanoseconds longest_pause = std::chrono::minutes(1);
    const auto pause = std::max(settings.sample.fs_interval, longest_pause);
    return static_cast<std::uint64_t>(pause / settings.interval * 3 / 2) + 1;
}

} // namespace lxcmon::push
