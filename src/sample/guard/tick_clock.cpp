// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/tick_clock.hpp"

#include "io/clock.hpp"

#include <algorithm>
#include <utility>

namespace lxcmon::sample {

void TickClock::begin(std::int64_t due_ns) noexcept {
    previous_ns_ = std::exchange(last_ns_, none);
    begin_ = {due_ns, due_ns, io::now_ns(CLOCK_BOOTTIME)};
}

TickTime TickClock::now() noexcept {
    return late_after_ == never ? begin_ : at(io::now_ns(CLOCK_REALTIME));
}

TickTime TickClock::at(std::int64_t read_ns) noexcept {
    if (late_after_ == never)
        return begin_;
    TickTime time = begin_;
    const bool is_overtaken = time.due_ns <= previous_ns_ && read_ns > previous_ns_;
    if (is_overtaken || read_ns - time.due_ns > late_after_.count()) {
        time.wall_ns = read_ns;
        time.boottime_ns = io::now_ns(CLOCK_BOOTTIME);
    }
    last_ns_ = std::max(last_ns_, time.wall_ns);
    return time;
}

} // namespace lxcmon::sample
