// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <cstdint>
#include <optional>

namespace lxcmon::io {

/// Computes when samples are due: at multiples of the interval on the wall clock. Pure arithmetic, in ns
/// since 1970.
class TickGrid {
  public:
    /// The first tick is the next multiple after `now_ns`. `interval_ns` must be positive.
    TickGrid(std::int64_t interval_ns, std::int64_t now_ns) noexcept;

    struct Step {
        std::optional<std::int64_t> tick_ns; ///< take a sample with this time; nullopt: wait
        std::int64_t missed = 0;             ///< ticks that were missed and will not be taken
        std::int64_t late_ns = 0;            ///< since the planned time
    };
    /// What to do at `now_ns`. A tick that is more than half an interval late is missed: the values would
    /// not match its time. If the clock was set back by less than an interval, waits for the planned tick, so
    /// that no time is used twice; if by more, restarts the grid.
    [[nodiscard]] Step step(std::int64_t now_ns) noexcept;

    /// The clock was set: restarts the grid and counts no tick as missed. Keeps the planned tick if the clock
    /// was set back by less than an interval.
    void clock_was_set(std::int64_t now_ns) noexcept;

    [[nodiscard]] std::int64_t planned_ns() const noexcept { return planned_ns_; }
    /// The multiple at or before `now_ns`.
    [[nodiscard]] static std::int64_t floor(std::int64_t now_ns, std::int64_t interval_ns) noexcept {
        return now_ns - now_ns % interval_ns;
    }

  private:
    std::int64_t interval_ns_;
    std::int64_t planned_ns_;
};

/// A timerfd on CLOCK_REALTIME (timerfd_create(2)): readable when the next tick is due or the clock was set.
class TickTimer {
  public:
    /// `interval_ns` must be positive. Throws std::system_error.
    explicit TickTimer(std::int64_t interval_ns);

    [[nodiscard]] int fd() const noexcept { return timer_.get(); }
    /// Call when fd() is readable. Arms the timer for the next tick; if that fails, keep_armed() tries again,
    /// so that the error does not cost this tick.
    [[nodiscard]] TickGrid::Step expired() noexcept;
    /// Call before waiting for fd(). Throws std::system_error if the timer can't be armed.
    void keep_armed();

  private:
    [[nodiscard]] int arm() noexcept;

    TickGrid grid_;
    UniqueFd timer_;
    bool armed_ = false;
};

} // namespace lxcmon::io
