// SIGHUP: the agent changes its settings while it runs.
#include "push/agent.hpp"

#include "app/log.hpp"

#include <spdlog/spdlog.h>

#include <exception>
#include <stdexcept>
#include <utility>

namespace lxcmon::push {
void Agent::reload() {
    spdlog::info("SIGHUP: reading the settings again");
    try {
        const Config next = read_settings_();
        if (next == config_) {
            spdlog::info("the settings are the same as before");
            return;
        }
        change_settings(next);
        spdlog::info("the new settings are in force");
    } catch (const std::exception& error) {
        spdlog::error("the settings stay as they were: {}", error.what());
    }
}

Config Agent::in_force() const {
    return {collector_->settings(), targets_->settings(), config_.flush_interval, app::log_settings(),
            config_.config_file};
}

void Agent::change_settings(const Config& next) {
    // What may fail comes first, while nothing has been changed.
    std::unique_ptr<app::Collector> collector;
    if (next.collect != config_.collect)
        collector = std::make_unique<app::Collector>(next.collect);
    std::optional<io::TickTimer> timer;
    if (next.collect.interval != config_.collect.interval)
        timer.emplace(next.collect.interval.count());
    // The log changes with them: no other thread may write to it then.
    if (next.destinations != config_.destinations || next.log != config_.log ||
        queue_settings(next) != queue_settings(config_))
        change_targets(next);
    if (collector)
        collector_ = std::move(collector);
    if (timer)
        timer_.emplace(std::move(*timer));
    config_ = next;
}

/// The spool carries over what the old targets had not delivered. The log changes in between, when no
/// other thread writes to it.
void Agent::change_targets(const Config& next) {
    if (targets_->hangs())
        throw std::runtime_error("the disk of the spool does not answer just now; try again when it does");
    auto fresh = std::make_unique<TargetGroup>(next);
    auto fresh_batcher = std::make_unique<encode::Batcher>(fresh->format(), next.destinations.batch_lines);
    auto before = std::make_unique<TargetGroup>(config_);
    flush();
    // Without a spool, as long as at the end.
    lost_lines_ += end_targets(config_.destinations.has_server() ? std::chrono::milliseconds(0) : stop_grace);
    counted_before_ = status().counts;
    const auto left = targets_->status().spool_points;
    if (left != 0 && (next.destinations.spool.folder != config_.destinations.spool.folder ||
                      next.destinations.influx_urls.empty()))
        spdlog::warn(
            "{} points stay in {}, which is not the spool any more; lxcmon-push replay delivers them", left,
            config_.destinations.spool.folder);
    targets_ = std::move(fresh); // the old spool's lock goes
    try {
        if (next.log != config_.log)
            app::set_up_log("lxcmon-push", next.log);
        targets_->start();
    } catch (const std::exception&) {
        restore_targets(std::move(before));
        throw;
    }
    batcher_ = std::move(fresh_batcher);
    delivering_ = true;
}

void Agent::restore_targets(std::unique_ptr<TargetGroup> before) {
    targets_ = std::move(before);
    try {
        app::set_up_log("lxcmon-push", config_.log);
    } catch (const std::exception&) {
        // The log stays where it is now.
    }
    delivering_ = false;
    start_again();
}

/// The settings that stayed could not be used at once. Until they can the points wait in memory.
void Agent::start_again() {
    try {
        targets_->start();
        delivering_ = true;
        spdlog::info("delivery goes on");
    } catch (const std::exception& error) {
        spdlog::error("delivery stands still, and is tried again at each tick: {}", error.what());
    }
}

} // namespace lxcmon::push
