// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace lxcmon::sample {

/// The times of one reading, in ns.
struct TickTime {
    std::int64_t due_ns;      ///< wall clock: when the tick was due; for schedules
    std::int64_t wall_ns;     ///< wall clock: the points' timestamp
    std::int64_t boottime_ns; ///< CLOCK_BOOTTIME, for uptimes
};

/// Gives each reading of a tick its timestamp: the time when the tick was due, so that series line up; or,
/// for a reading that is late, the time of the reading, so that rates of counters stay right. No reading is
/// dated before those of the tick before, even if that tick lasted longer than the interval, unless the wall
/// clock is set back. One thread only.
class TickClock {
  public:
    /// For `late_after`: all readings are dated with the tick's time.
    static constexpr std::chrono::nanoseconds never = std::chrono::nanoseconds::max();

    /// A reading is late if it is made more than `late_after` after the tick was due.
    explicit TickClock(std::chrono::nanoseconds late_after) noexcept
        : late_after_(late_after) {}

    /// Begins a tick that was due at `due_ns`, wall clock.
    void begin(std::int64_t due_ns) noexcept;
    /// When the current tick was due.
    [[nodiscard]] std::int64_t due_ns() const noexcept { return begin_.due_ns; }

    /// The times of a reading that is made now.
    [[nodiscard]] TickTime now() noexcept;
    /// The times of a reading that was made in this tick, at `read_ns` of CLOCK_REALTIME.
    [[nodiscard]] TickTime at(std::int64_t read_ns) noexcept;

  private:
    static constexpr std::int64_t none = std::numeric_limits<std::int64_t>::min();

    std::chrono::nanoseconds late_after_;
    TickTime begin_{};
    std::int64_t last_ns_ = none;     ///< the latest timestamp of this tick
    std::int64_t previous_ns_ = none; ///< that of the tick before
};

} // namespace lxcmon::sample
