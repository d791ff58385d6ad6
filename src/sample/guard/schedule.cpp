// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/schedule.hpp"

namespace lxcmon::sample {
namespace {

/// The offset within an interval; the golden ratio spreads consecutive ids evenly.
std::int64_t phase_of(std::uint64_t id, std::int64_t interval_ns) noexcept {
    constexpr std::uint64_t golden = 0x9E3779B97F4A7C15U;
    const auto part = static_cast<double>(id * golden >> 32U) / 4294967296.0;
    return static_cast<std::int64_t>(part * static_cast<double>(interval_ns));
}

/// Number of the interval that contains a time.
std::int64_t slot_of(std::int64_t wall_ns, std::int64_t phase_ns, std::int64_t interval_ns) noexcept {
    const std::int64_t shifted = wall_ns - phase_ns;
    return shifted / interval_ns - (shifted % interval_ns < 0 ? 1 : 0);
}

} // namespace

bool StaggeredSchedule::is_due(std::int64_t wall_ns, std::chrono::nanoseconds interval) const noexcept {
    if (!last_ns_ || interval.count() <= 0)
        return true;
    // Correct even if the wall clock was set forward or back.
    const std::int64_t phase = phase_of(id_, interval.count());
    return slot_of(wall_ns, phase, interval.count()) != slot_of(*last_ns_, phase, interval.count());
}

} // namespace lxcmon::sample
