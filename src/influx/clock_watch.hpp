// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/reply.hpp"

#include <string>
#include <utility>

namespace lxcmon::influx {

/// Logs when the clock of this host and the server's begin to differ, by the server's answers, and when they
/// agree again: a point with a wrong time is where nobody looks. One thread at a time.
class ClockWatch {
  public:
    /// `server` is its name for the log.
    explicit ClockWatch(std::string server)
        : server_(std::move(server)) {}

    void answered(const http::Reply& reply);

  private:
    std::string server_;
    bool is_off_ = false;
    unsigned good_answers_ = 0; ///< in a row, while is_off_
};

} // namespace lxcmon::influx
