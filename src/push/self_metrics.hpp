// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/collect_settings.hpp"
#include "deliver/target.hpp"
#include "model/point.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <sys/types.h>

namespace lxcmon::push {

/// Counters of the agent itself; deliver::Target::Status has those of the delivery.
struct SelfMetrics {
    std::size_t containers = 0;            ///< found at the last tick
    std::size_t points = 0;                ///< of the last tick, without the point about the agent
    std::optional<std::int64_t> tick_usec; ///< duration of the previous tick, up to the queue
    std::int64_t missed_ticks = 0;         ///< since the start
    std::uint64_t sample_errors = 0;       ///< since the start: containers with an incomplete sample
};

/// The costs of the agent and its helper processes: CPU time since the start (including helpers that have
/// ended), resident memory now (proc(5), statm).
struct ProcessCosts {
    std::optional<std::int64_t> cpu_usec;
    std::optional<std::int64_t> rss_bytes;
};
[[nodiscard]] ProcessCosts process_costs(std::span<const pid_t> helper_pids);

/// Adds the point of the measurement lxcmon_push. Its strings are views into `settings`.
void add_self_point(const SelfMetrics& metrics, const deliver::Target::Status& delivery,
                    const ProcessCosts& costs, const app::CollectSettings& settings, std::int64_t time_ns,
                    PointBuffer& points);

} // namespace lxcmon::push
