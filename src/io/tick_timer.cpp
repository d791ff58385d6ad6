// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/tick_timer.hpp"

#include "io/clock.hpp"

#include <sys/timerfd.h>

#include <cerrno>
#include <system_error>

namespace lxcmon::io {

TickGrid::TickGrid(std::int64_t interval_ns, std::int64_t now_ns) noexcept
    : interval_ns_(interval_ns)
    , planned_ns_(floor(now_ns, interval_ns) + interval_ns) {}

TickGrid::Step TickGrid::step(std::int64_t now_ns) noexcept {
    if (now_ns < planned_ns_) {
        clock_was_set(now_ns);
        return {};
    }
    const std::int64_t slot_ns = floor(now_ns, interval_ns_);
    Step step{slot_ns, (slot_ns - planned_ns_) / interval_ns_, now_ns - planned_ns_};
    planned_ns_ = slot_ns + interval_ns_;
    if (now_ns - slot_ns > interval_ns_ / 2) {
        step.tick_ns.reset();
        ++step.missed;
    }
    return step;
}

void TickGrid::clock_was_set(std::int64_t now_ns) noexcept {
    // The tick before the planned one was taken: a small step back must not take it again.
    const bool set_back_a_little = now_ns < planned_ns_ && now_ns >= planned_ns_ - 2 * interval_ns_;
    if (!set_back_a_little)
        planned_ns_ = floor(now_ns, interval_ns_) + interval_ns_;
}

TickTimer::TickTimer(std::int64_t interval_ns)
    : grid_(interval_ns, now_ns(CLOCK_REALTIME))
    , timer_(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
    if (!timer_)
        throw std::system_error(errno, std::generic_category(), "timerfd_create");
    arm();
}

TickGrid::Step TickTimer::expired() {
    std::uint64_t times = 0;
    const bool clock_set = ::read(timer_.get(), &times, sizeof times) < 0 && errno == ECANCELED;
    const std::int64_t now = now_ns(CLOCK_REALTIME);
    if (clock_set)
        grid_.clock_was_set(now);
    const TickGrid::Step step = grid_.step(now);
    arm();
    return step;
}

void TickTimer::arm() {
    constexpr std::int64_t nsec_per_sec = 1'000'000'000;
    itimerspec when{};
    when.it_value.tv_sec = grid_.planned_ns() / nsec_per_sec;
    when.it_value.tv_nsec = grid_.planned_ns() % nsec_per_sec;
    if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr) != 0 &&
        errno != ECANCELED)
        throw std::system_error(errno, std::generic_category(), "timerfd_settime");
}

} // namespace lxcmon::io
