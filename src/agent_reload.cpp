// SIGHUP: the agent changes its settings while it runs.
#include "agent.hpp"

#include "log.hpp"

#include <spdlog/spdlog.h>

#include <exception>
#include <tuple>
#include <utility>

namespace lxcmon {
namespace {

auto sampling_of(const Config& config) {
    return std::tie(config.interval, config.lxcpaths, config.include, config.exclude, config.tags,
                    config.host);
}

auto log_of(const Config& config) {
    return std::tie(config.log_level, config.log_format, config.log_file, config.log_max_bytes,
                    config.log_keep);
}

/// `config` with all that is not delivery's taken from `other`.
Config with_other_rooms(Config config, const Config& other) {
    config.lxcpaths = other.lxcpaths;
    config.include = other.include;
    config.exclude = other.exclude;
    config.tags = other.tags;
    config.flush_interval = other.flush_interval;
    return config;
}

} // namespace

void Agent::reload() {
    spdlog::info("SIGHUP: reading the settings again");
    try {
        const Config next = read_settings_();
        if (next == config_)
            spdlog::info("the settings are the same as before");
        else if (change_settings(next))
            spdlog::info("the new settings are in force");
    } catch (const std::exception& error) {
        spdlog::error("the settings stay as they were: {}", error.what());
    }
}

bool Agent::change_settings(const Config& next) {
    // What may fail comes first, while nothing has been changed.
    std::unique_ptr<Collector> collector;
    if (sampling_of(next) != sampling_of(config_))
        collector = std::make_unique<Collector>(next);
    const bool interval_changed = next.interval != config_.interval;
    std::optional<io::TickTimer> timer;
    if (interval_changed)
        timer.emplace(next.interval.count());
    if (with_other_rooms(next, config_) != config_)
        change_targets(next);
    if (collector)
        collector_ = std::move(collector);
    if (interval_changed)
        timer_.emplace(std::move(*timer));
    config_ = next;
    return true;
}

/// The spool carries over what the old targets had not delivered. The log changes in between, when no
/// other thread writes to it.
void Agent::change_targets(const Config& next) {
    auto fresh = std::make_unique<TargetGroup>(next); // throws BadSetting
    flush();
    // Without a spool, as long as at the end.
    const bool spooled = !config_.influx_urls.empty() && !config_.dry_run;
    lost_lines_ += targets_->stop(spooled ? std::chrono::milliseconds(0) : std::chrono::milliseconds(5000));
    if (const auto left = targets_->status().spool_points; left != 0 && next.spool_dir != config_.spool_dir)
        spdlog::warn(
            "{} points stay in {}, which is not the spool any more; lxcmon-push replay delivers them", left,
            config_.spool_dir);
    targets_.reset(); // the spool's lock goes with it
    try {
        if (log_of(next) != log_of(config_))
            set_up_log(next);
        fresh->start();
        targets_ = std::move(fresh);
        batcher_ = std::make_unique<encode::Batcher>(targets_->format(), next.batch_lines);
    } catch (const std::exception&) {
        fresh.reset();
        set_up_log(config_);
        targets_ = std::make_unique<TargetGroup>(config_);
        targets_->start();
        throw;
    }
}

} // namespace lxcmon
