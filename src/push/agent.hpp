#pragma once

#include "app/collector.hpp"
#include "app/service_notify.hpp"
#include "encode/batcher.hpp"
#include "io/tick_timer.hpp"
#include "push/config.hpp"
#include "push/self_metrics.hpp"
#include "push/target_group.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace lxcmon::push {

/// Owns everything. Before run(), and before it is made, the signals that end it must be blocked.
class Agent {
  public:
    /// Reads the settings again, for SIGHUP. Throws BadSetting.
    using ReadSettings = std::function<Config()>;

    /// Throws BadSetting, std::system_error, std::runtime_error where it can't start.
    explicit Agent(const Config& config, ReadSettings read_settings = {});

    /// Ticks until SIGTERM or SIGINT; SIGHUP reads the settings again. Returns the program's exit code.
    /// Throws deliver::SpoolHeld where another agent has the spool.
    int run();
    /// One sample, delivered right away. Returns the program's exit code.
    int run_once();

    /// Starts delivery; run() does so by itself.
    void start();
    /// Reads the settings again, as run() does on SIGHUP. If they can't be used, those before stay in force.
    void reload();
    /// Ends delivery. Returns the program's exit code.
    int stop();
    /// The settings that each part was made of.
    [[nodiscard]] Config in_force() const;

  private:
    static constexpr std::chrono::milliseconds stop_grace{5000};

    bool handle_signal(const std::string& name);
    void tick(std::int64_t tick_ns);
    /// A tick that fails (no memory) is logged and costs itself alone: what is queued must not be lost with
    /// it.
    void try_tick(std::int64_t tick_ns);
    void encode(PointBuffer& points);
    void flush_when_due(std::int64_t tick_ns);
    void flush();
    void note_missed(std::int64_t missed);
    void note_dropped(const deliver::Target::Status& status);
    void remind(const deliver::Target::Status& status);
    /// Returns the lines that are lost. Ends the process where a disk hangs.
    std::size_t end_targets(std::chrono::milliseconds grace);
    [[nodiscard]] deliver::Target::Status status() const;

    void change_settings(const Config& next);
    void change_targets(const Config& next);
    void restore_targets(std::unique_ptr<TargetGroup> before);
    void start_again();

    Config config_;
    ReadSettings read_settings_;
    std::unique_ptr<app::Collector> collector_;
    std::unique_ptr<TargetGroup> targets_;
    std::unique_ptr<encode::Batcher> batcher_;
    std::optional<io::TickTimer> timer_;
    SelfMetrics metrics_;
    app::ServiceNotify service_;
    std::string status_line_ = "no sample yet";
    std::int64_t last_flush_ns_ = 0;
    std::uint64_t dropped_lines_ = 0; ///< of the memory, at the last tick
    std::size_t lost_lines_ = 0;      ///< by a change of settings: neither delivered nor in the spool
    std::chrono::steady_clock::time_point reminded_at_{};
    deliver::DeliveryTotals counted_before_; ///< by targets that a change of settings has ended
    bool delivering_ = true;                 ///< the targets run; else tried again at each tick
    bool failing_ = false;                   ///< the last tick failed
    bool missing_ = false;                   ///< the last tick was missed
    bool dropping_ = false;                  ///< the queue was full at the last tick
};

} // namespace lxcmon::push
