// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/collector.hpp"
#include "app/service_notify.hpp"
#include "io/signal_fd.hpp"
#include "io/tick_timer.hpp"
#include "push/config.hpp"
#include "push/delay.hpp"
#include "push/local/exporter.hpp"
#include "push/output/feeds.hpp"
#include "push/output/target_group.hpp"
#include "push/self_metrics.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace lxcmon::push {

/// Owns all parts of the program. Block SIGTERM, SIGINT, SIGHUP and SIGCONT before you construct it for
/// run().
class Agent {
  public:
    /// Reads the settings again, for SIGHUP. Throws app::BadSetting.
    using ReadSettings = std::function<Config()>;

    /// Throws app::BadSetting, std::system_error or std::runtime_error if it can't start.
    explicit Agent(const Config& config, ReadSettings read_settings = {});

    /// Ticks until SIGTERM or SIGINT; SIGHUP reads the settings again. Returns the program's exit code.
    /// Throws only before the first tick: spool::SpoolHeld if another agent uses the spool, or
    /// std::system_error.
    int run();
    /// Takes one sample and delivers it at once. Returns the program's exit code.
    int run_once();

    /// Starts delivery; run() calls it.
    void start();
    /// Reads the settings again, as run() does on SIGHUP. If they can't be used, the old ones stay in force.
    void reload();
    /// Ends delivery: each end after start() passes here. Gathered points are delivered or spooled, whatever
    /// fails. `error` is the cause if it is not a signal. Returns the program's exit code.
    int stop(const char* error = nullptr) noexcept;
    /// The settings that the parts were constructed with.
    [[nodiscard]] Config in_force() const;

  private:
    static constexpr std::chrono::milliseconds stop_grace{5000}, exporter_grace{2000};

    enum class Turn { go_on, stop };

    /// One turn of the main loop: waits for a tick or a signal, and handles it.
    Turn turn(io::SignalFd& signals);
    /// Logs a turn that fails and makes a pause. Throws if the turns fail for too long.
    Turn try_turn(io::SignalFd& signals);
    bool handle_signal(const std::string& name);
    void tick(std::int64_t tick_ns);
    /// Logs a tick that fails (no memory) and continues: queued points must not be lost with it.
    void try_tick(std::int64_t tick_ns);
    void encode(PointBuffer& points);
    void flush_when_due(std::int64_t tick_ns);
    void flush();
    void note_missed(std::int64_t missed, const std::string& reason);
    void note_written(bool delivered) const;
    void note_dropped(const deliver::Target::Status& status);
    void remind(const deliver::Target::Status& status);
    /// Returns the number of lost lines. Ends the process if a disk hangs.
    std::size_t end_targets(std::chrono::milliseconds grace);
    void log_totals() const;
    [[nodiscard]] deliver::Target::Status status() const;

    void follow_host_name();
    void change_settings(const Config& next);
    void change_targets(const Config& next);
    void change_exporter(const Config& next);
    void change_feeds(const Config& next);
    void restore_targets(std::unique_ptr<TargetGroup> before);
    void resume_delivery();

    Config config_;
    ReadSettings read_settings_;
    std::unique_ptr<app::Collector> collector_;
    std::unique_ptr<TargetGroup> targets_;
    std::unique_ptr<Feeds> feeds_;
    std::unique_ptr<Exporter> exporter_; ///< nullptr: no metrics for Prometheus
    std::optional<io::TickTimer> timer_;
    SelfMetrics metrics_;
    Delay delay_;
    app::ServiceNotify service_;
    std::string status_line_ = "no sample yet";
    std::int64_t last_flush_ns_ = 0;
    std::uint64_t dropped_lines_ = 0; ///< dropped from memory, as of the last tick
    std::size_t lost_lines_ = 0;      ///< at a change of settings: neither delivered nor in the spool
    std::chrono::steady_clock::time_point reminded_at_{}, named_at_{};
    deliver::DeliveryTotals counted_before_; ///< by targets that a change of settings has replaced
    bool reader_is_gone_ = false;            ///< of standard output: nobody wants the points
    bool delivering_ = true;                 ///< the targets run; otherwise each tick tries to start them
    std::string suspended_why_;              ///< why they don't
    bool failing_ = false;                   ///< the last tick failed
    /// The first of the turns that have failed since the last one that did not.
    std::optional<std::chrono::steady_clock::time_point> turns_fail_since_;
    bool missing_ = false;  ///< the last tick was missed
    bool dropping_ = false; ///< the queue was full at the last tick
};

} // namespace lxcmon::push
