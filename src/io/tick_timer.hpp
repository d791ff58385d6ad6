#pragma once

#include "io/unique_fd.hpp"

#include <cstdint>
#include <optional>

namespace lxcmon::io {

/// When samples are due: at whole multiples of the interval of the wall clock. Pure arithmetic, in ns since
/// 1970.
class TickGrid {
  public:
    /// The first tick is the next multiple after `now_ns`. `interval_ns` must be positive.
    TickGrid(std::int64_t interval_ns, std::int64_t now_ns) noexcept;

    struct Step {
        std::optional<std::int64_t> tick_ns; ///< take a sample with this time; nothing: wait on
        std::int64_t missed = 0;             ///< ticks that are over and will not be taken
    };
    /// What to do at `now_ns`. More than half an interval late is missed: the figures would not be of that
    /// time. A clock set back by less than an interval waits until it is there again, so that no time is used
    /// twice; by more, the grid begins anew.
    [[nodiscard]] Step step(std::int64_t now_ns) noexcept;

    /// The clock was set: begins anew, counting nothing as missed. Keeps the tick that is planned where the
    /// clock was set back by less than an interval.
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

/// A timerfd on CLOCK_REALTIME (timerfd_create(2)) that is readable when the grid's next tick is due, and
/// when the clock has been set.
class TickTimer {
  public:
    /// Throws std::system_error where the kernel gives no timer.
    explicit TickTimer(std::int64_t interval_ns);

    [[nodiscard]] int fd() const noexcept { return timer_.get(); }
    /// Call when fd() is readable.
    [[nodiscard]] TickGrid::Step expired();

  private:
    void arm();

    TickGrid grid_;
    UniqueFd timer_;
};

} // namespace lxcmon::io
