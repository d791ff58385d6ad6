// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/reply.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace lxcmon::influx {

/// Logs when the clock of this host and the server's begin to differ, by the server's answers, and when they
/// agree again: a point with a wrong time is where nobody looks. One thread at a time.
class ClockWatch {
  public:
    using Clock = std::chrono::steady_clock;

    /// `server` is its name for the log.
    explicit ClockWatch(std::string server)
        : server_(std::move(server)) {}

    /// `now`: when the answer came.
    void answered(const http::Reply& reply, Clock::time_point now = Clock::now());

  private:
    std::string server_;
    bool is_off_ = false;
    Clock::time_point off_at_; ///< the last answer of a clock that is off
};

} // namespace lxcmon::influx
