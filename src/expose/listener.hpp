// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/finding.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace lxcmon::expose {

/// Answers GET and HEAD of /metrics with the newest text, in a thread of its own. It never waits for a
/// sample; a text older than `max_age` is status 503. Bounds: 32 connections, 32 KiB for the request of
/// each, 10 s without progress; slow readers keep three texts in memory at most, and new ones get 503
/// meanwhile. One thread at a time.
class Listener {
  public:
    /// Does not listen yet. `address`: see parse_local().
    Listener(std::string address, std::chrono::nanoseconds max_age);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    Listener(Listener&&) = delete;
    Listener& operator=(Listener&&) = delete;

    void set_max_age(std::chrono::nanoseconds max_age);

    /// Replaces the text: `plain` for the text format 0.0.4, `openmetrics` for a request that accepts
    /// OpenMetrics 1.0. Starts to listen if it does not yet; a failure is logged once, and tried again with
    /// the next text.
    void publish(std::string plain, std::string openmetrics);

    /// For `check`: can an agent listen there, or does one already? Makes no file. At most about 15 s.
    [[nodiscard]] static Finding probe(const std::string& address_text);

  private:
    struct Server;
    void listen();

    std::string address_;
    std::unique_ptr<Server> server_;
    std::string logged_; ///< why it does not listen; empty: it does
};

} // namespace lxcmon::expose
