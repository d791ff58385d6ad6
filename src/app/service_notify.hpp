#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::app {

/// Tells systemd how the agent is (sd_notify(3)). Does nothing where nobody listens ($NOTIFY_SOCKET). Waits
/// only where systemd itself stands still and its queue is full. Main thread.
class ServiceNotify {
  public:
    using Clock = std::chrono::steady_clock;

    /// Looks for $WATCHDOG_USEC.
    ServiceNotify();

    /// Whether anybody listens.
    [[nodiscard]] bool is_heard() const noexcept { return is_heard_; }

    void ready();
    /// Settings are being read again; ready() ends that.
    void reloading();
    void stopping(std::string_view status);

    /// The loop runs. `status` is what `systemctl status` shows, on one line of 500 bytes at most; sent where
    /// it has changed. Also feeds the watchdog, where that is due.
    void alive(std::string_view status, Clock::time_point now = Clock::now());

    /// How long the loop may wait before it calls alive() again; -1: for ever.
    [[nodiscard]] int wait_msec(Clock::time_point now = Clock::now()) const;

  private:
    bool is_heard_;
    std::optional<std::chrono::microseconds> watchdog_; ///< within this the loop must be heard of
    Clock::time_point fed_at_{};
    std::string status_;
};

} // namespace lxcmon::app
