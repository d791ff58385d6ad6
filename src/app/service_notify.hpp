// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::app {

/// Reports the service state to systemd (sd_notify(3)). No-op if $NOTIFY_SOCKET is not set. Blocks only if
/// systemd hangs and its socket queue is full. Main thread only.
class ServiceNotify {
  public:
    using Clock = std::chrono::steady_clock;

    /// Reads $NOTIFY_SOCKET and $WATCHDOG_USEC.
    ServiceNotify();

    /// Whether $NOTIFY_SOCKET is set.
    [[nodiscard]] bool is_enabled() const noexcept { return is_enabled_; }

    void ready();
    /// Reports that a reload has begun; ready() reports its end.
    void reloading();
    void stopping(std::string_view status);

    /// Call in each turn of the main loop. Sends `status`, which `systemctl status` shows, if it has changed:
    /// one line, at most 500 bytes. Feeds the watchdog if due.
    void alive(std::string_view status, Clock::time_point now = Clock::now());

    /// The time until alive() must be called again, in ms, for poll(); -1: no limit.
    [[nodiscard]] int wait_msec(Clock::time_point now = Clock::now()) const;

  private:
    bool is_enabled_;
    std::optional<std::chrono::microseconds> watchdog_; ///< time-out of the watchdog
    Clock::time_point fed_at_{};
    std::string status_;
};

} // namespace lxcmon::app
