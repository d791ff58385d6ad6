// SPDX-License-Identifier: GPL-2.0-or-later
// SIGHUP, another name of the host: the agent changes its settings while it runs.
#include "push/agent.hpp"

#include "app/log.hpp"
#include "app/settings/parse.hpp"
#include "text/counted.hpp"
#include "text/same_kind.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace lxcmon::push {
namespace {

constexpr std::chrono::seconds name_period{30}; // between two looks for the host's name

/// An error of settings begins with the program's name, for a terminal.
std::string_view without_program(std::string_view text) noexcept {
    constexpr std::string_view program_prefix = "lxcmon-push: ";
    return text.substr(text.starts_with(program_prefix) ? program_prefix.size() : 0);
}

} // namespace

void Agent::reload() {
    spdlog::info("received SIGHUP: reading the settings again");
    try {
        const Config next = read_settings_();
        if (next == config_) {
            spdlog::info("the settings have not changed");
            return;
        }
        change_settings(next);
        spdlog::info("the new settings are in force");
    } catch (const std::exception& error) {
        spdlog::error("the new settings can't be used, the old ones are kept: {}",
                      without_program(error.what()));
    }
}

/// The name may be set after the start (cloud-init), or changed by an administrator.
void Agent::follow_host_name() {
    const auto now = std::chrono::steady_clock::now();
    if (!config_.collect.follows_host_name || now - named_at_ < name_period)
        return;
    named_at_ = now;
    Config next = config_;
    std::string& host = next.collect.sample.tags.host;
    host = app::own_host_name();
    const std::string was = config_.collect.sample.tags.host;
    if (host == was)
        return;
    try {
        change_settings(next);
        spdlog::warn("the host's name was {} and is {} now: so is the tag host; --host NAME keeps one", was,
                     host);
    } catch (const std::exception& error) { // tried again; a tick must not be lost
        spdlog::error("the host's name was {} and is {} now, and the tag host can't follow yet: {}", was,
                      host, without_program(error.what()));
    }
}

Config Agent::in_force() const {
    return {collector_->settings(), targets_->settings(), config_.flush_interval,
            app::log_settings(),    config_.config_file,  config_.allow_readable_secrets,
            config_.prometheus};
}

void Agent::change_settings(const Config& next) {
    // Steps that may fail come first, before anything has changed.
    std::unique_ptr<app::Collector> collector;
    if (next.collect != config_.collect) {
        collector = std::make_unique<app::Collector>(next.collect);
        collector->table.take_managers_of(collector_->table);
        collector->find_containers();
    }
    std::optional<io::TickTimer> timer;
    if (next.collect.interval != config_.collect.interval)
        timer.emplace(next.collect.interval.count());
    // The log changes together with the targets: no other thread may write to it meanwhile.
    if (next.destinations != config_.destinations || next.log != config_.log ||
        queue_settings(next) != queue_settings(config_))
        change_targets(next);
    if (collector)
        collector_ = std::move(collector);
    if (timer)
        timer_.emplace(std::move(*timer));
    change_exporter(next);
    if (next.collect != config_.collect)
        change_feeds(next);
    if (!config_.destinations.influx.http.tls.insecure)
        warn_of_insecure(next.destinations);
    config_ = next;
}

void Agent::change_exporter(const Config& next) {
    if (exporter_ && next.has_metrics_text()) {
        exporter_->change(config_, next, exporter_grace);
        return;
    }
    if (exporter_)
        exporter_->finish(true, exporter_grace);
    exporter_.reset();
    exporter_ = Exporter::make(next);
}

/// What is gathered up to here has the old settings.
void Agent::change_feeds(const Config& next) {
    flush();
    feeds_ = std::make_unique<Feeds>(next, *targets_);
}

/// The spool carries undelivered points over to the new targets. The log changes while no target runs,
/// because no other thread may write to it then.
void Agent::change_targets(const Config& next) {
    if (targets_->hangs())
        throw std::runtime_error("the disk of the spool does not answer; reload again when it does");
    auto fresh = std::make_unique<TargetGroup>(next);
    // The old ones feed the new targets, too, unless these are others.
    std::unique_ptr<Feeds> fresh_feeds;
    if (next.destinations != config_.destinations)
        fresh_feeds = std::make_unique<Feeds>(next, *fresh);
    auto before = std::make_unique<TargetGroup>(config_);
    flush();
    // Without a spool: the same grace period as at the end of the program.
    lost_lines_ += end_targets(config_.destinations.has_server() ? std::chrono::milliseconds(0) : stop_grace);
    try {
        counted_before_ = status().counts;
        const auto left = targets_->status().spool_points;
        if (left != 0 && (next.destinations.spool.folder != config_.destinations.spool.folder ||
                          next.destinations.influx_urls.empty()))
            spdlog::warn(
                "{} left in {}, which is no longer the spool; use lxcmon-push replay to deliver the rest",
                text::counted(left, "point"), config_.destinations.spool.folder);
        targets_ = std::move(fresh); // releases the lock of the old spool
        if (next.log != config_.log)
            app::set_up_log("lxcmon-push", next.log);
        targets_->start();
    } catch (const std::exception&) {
        restore_targets(std::move(before));
        throw;
    }
    // At once, whatever fails later: a batch that no target is fed with would be lost.
    if (fresh_feeds)
        feeds_ = std::move(fresh_feeds);
    delivering_ = true;
    suspended_why_.clear();
}

void Agent::restore_targets(std::unique_ptr<TargetGroup> before) {
    targets_ = std::move(before);
    try {
        app::set_up_log("lxcmon-push", config_.log);
    } catch (const std::exception&) {
        // Keep the current log.
    }
    delivering_ = false;
    resume_delivery();
}

/// The old settings may fail too; then points stay in memory and the next tick tries again.
void Agent::resume_delivery() {
    try {
        targets_->start();
        delivering_ = true;
        suspended_why_.clear();
        spdlog::info("delivery resumed");
    } catch (const std::exception& error) {
        const bool is_known = text::same_kind(error.what(), std::exchange(suspended_why_, error.what()));
        if (!is_known)
            spdlog::error("delivery is suspended; retrying every tick: {}", error.what());
    }
}

} // namespace lxcmon::push
