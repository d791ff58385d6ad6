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
    keep_armed();
}

/// Works without the read, too: the clock decides, and arming resets fd().
TickGrid::Step TickTimer::expired() noexcept {
    std::uint64_t times = 0;
    const bool clock_set = ::read(timer_.get(), &times, sizeof times) < 0 && errno == ECANCELED;
    const std::int64_t now = now_ns(CLOCK_REALTIME);
    if (clock_set)
        grid_.clock_was_set(now);
    const TickGrid::Step step = grid_.step(now);
    armed_ = arm() == 0;
    return step;
}

void TickTimer::keep_armed() {
    if (armed_)
        return;
    if (const int error = arm(); error != 0)
        throw std::system_error(error, std::generic_category(), "timerfd_settime");
    armed_ = true;
}

/// Returns 0 or an errno.
int TickTimer::arm() noexcept {
    constexpr std::int64_t nsec_per_sec = 1'000'000'000;
    itimerspec when{};
    when.it_value.tv_sec = grid_.planned_ns() / nsec_per_sec;
    when.it_value.tv_nsec = grid_.planned_ns() % nsec_per_sec;
    constexpr int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    const bool failed = ::timerfd_settime(timer_.get(), flags, &when, nullptr) != 0 && errno != ECANCELED;
    return failed ? errno : 0;
}

} // namespace lxcmon::io
