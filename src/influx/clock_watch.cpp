// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/clock_watch.hpp"

#include "http/clock_reading.hpp"

#include <spdlog/spdlog.h>

namespace lxcmon::influx {

namespace {

/// Of several servers behind one address one may have a wrong clock: it must not log with each answer.
constexpr std::chrono::minutes good_for{10};

} // namespace

void ClockWatch::answered(const http::Reply& reply, Clock::time_point now) {
    const auto clock = http::read_clock(reply);
    if (!clock)
        return;
    if (clock->is_off) {
        if (!is_off_)
            spdlog::warn("{}: {}: one of them is wrong, and points have this host's times; synchronize both "
                         "(timedatectl)",
                         server_, http::describe(*clock));
        is_off_ = true;
        off_at_ = now;
    } else if (is_off_ && now - off_at_ >= good_for) {
        spdlog::info("{}: the clock of this host and the server's agree again", server_);
        is_off_ = false;
    }
}

} // namespace lxcmon::influx
