// SIGHUP: the agent changes its settings while it runs.
#include "push/agent.hpp"

#include "app/log.hpp"

#include <spdlog/spdlog.h>

#include <exception>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace lxcmon::push {
namespace {

/// What delivery has no part in.
template <typename AnyConfig>
auto only_sampling_of(AnyConfig& config) {
    return std::tie(config.lxcpaths, config.include, config.exclude, config.tags, config.metrics,
                    config.sample_host, config.fs_include, config.fs_exclude, config.fs_interval,
                    config.net_loopback, config.top_commands);
}

auto sampling_of(const Config& config) {
    return std::tuple_cat(only_sampling_of(config), std::tie(config.interval, config.host));
}

auto log_of(const Config& config) {
    return std::tie(config.log_level, config.log_format, config.log_file, config.log_max_bytes,
                    config.log_keep);
}

/// `config` with all that is not delivery's taken from `other`.
Config with_other_rooms(Config config, const Config& other) {
    only_sampling_of(config) = only_sampling_of(other);
    config.flush_interval = other.flush_interval;
    return config;
}

} // namespace

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

void Agent::change_settings(const Config& next) {
    // What may fail comes first, while nothing has been changed.
    std::unique_ptr<app::Collector> collector;
    if (sampling_of(next) != sampling_of(config_))
        collector = std::make_unique<app::Collector>(next);
    std::optional<io::TickTimer> timer;
    if (next.interval != config_.interval)
        timer.emplace(next.interval.count());
    if (with_other_rooms(next, config_) != config_)
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
    auto fresh_batcher = std::make_unique<encode::Batcher>(fresh->format(), next.batch_lines);
    auto before = std::make_unique<TargetGroup>(config_);
    flush();
    // Without a spool, as long as at the end.
    lost_lines_ += end_targets(config_.has_server() ? std::chrono::milliseconds(0) : stop_grace);
    counted_before_ = status().counts;
    const auto left = targets_->status().spool_points;
    if (left != 0 && (next.spool_dir != config_.spool_dir || next.influx_urls.empty()))
        spdlog::warn(
            "{} points stay in {}, which is not the spool any more; lxcmon-push replay delivers them", left,
            config_.spool_dir);
    targets_ = std::move(fresh); // the old spool's lock goes
    try {
        if (log_of(next) != log_of(config_))
            app::set_up_log(next);
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
        app::set_up_log(config_);
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
