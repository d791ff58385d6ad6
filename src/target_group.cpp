#include "target_group.hpp"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>
#include <thread>

namespace lxcmon {
namespace {

using std::chrono::milliseconds;

/// The same for a host at each start, and spread over [0, 1) by their names (FNV-1a).
double place_of(const std::string& host) noexcept {
    std::uint32_t hash = 2166136261U;
    for (const char c : host)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return static_cast<double>(hash) / 4294967296.0;
}

deliver::QueueSettings queue_settings(const Config& config) {
    const auto quarter = std::chrono::duration_cast<milliseconds>(config.interval / 4);
    const auto jitter = std::min(std::chrono::duration_cast<milliseconds>(config.send_jitter), quarter);
    deliver::QueueSettings settings;
    settings.limit_bytes = config.queue_max_bytes;
    settings.send_offset =
        milliseconds(static_cast<std::int64_t>(static_cast<double>(jitter.count()) * place_of(config.host)));
    // In the spool well before the next tick, so that a crash costs one tick at most.
    settings.spool_after = std::min<milliseconds>(quarter, std::chrono::seconds(2));
    settings.backlog_rate = config.spool_rate;
    return settings;
}

/// A folder's name made of a URL: http://a.example:8086 is http_a.example_8086.
std::string folder_name(const std::string& url) {
    std::string name;
    for (const char c : url) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
        if (plain || (!name.empty() && name.back() != '_'))
            name += plain ? c : '_';
    }
    while (name.ends_with('_'))
        name.pop_back();
    return name;
}

/// The first target has the spool folder itself, so that changing its URL, or having one target or several,
/// leaves nothing behind.
deliver::TargetSettings target_settings(const Config& config, const deliver::Sink& sink, bool first) {
    deliver::TargetSettings settings;
    settings.queue = queue_settings(config);
    if (config.dry_run || config.influx_urls.empty()) {
        settings.queue.send_offset = milliseconds(0);
        return settings;
    }
    deliver::SpoolSettings spool;
    spool.folder = first ? config.spool_dir : config.spool_dir + "/" + folder_name(sink.name());
    spool.max_bytes = config.spool_max_bytes;
    spool.max_age = config.spool_max_age;
    spool.batch_lines = config.batch_lines;
    settings.spool = spool;
    return settings;
}

} // namespace

TargetGroup::TargetGroup(const Config& config)
    : spool_dir_(config.spool_dir) {
    for (Destination& destination : make_destinations(config)) {
        format_ = destination.format;
        auto settings = target_settings(config, *destination.sink, targets_.empty());
        if (settings.spool)
            spools_.insert(settings.spool->folder);
        targets_.push_back(
            std::make_unique<deliver::Target>(std::move(destination.sink), std::move(settings)));
    }
}

void TargetGroup::start() {
    for (const auto& target : targets_)
        target->start();
    warn_of_other_spools();
}

/// Of servers that are not among --influx-url any more: nobody would deliver what is in there.
void TargetGroup::warn_of_other_spools() const {
    if (spools_.empty())
        return;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(spool_dir_, error)) {
        const std::string folder = entry.path();
        if (!entry.is_directory(error) || spools_.contains(folder))
            continue;
        for (const auto& file : std::filesystem::directory_iterator(entry.path(), error))
            if (file.path().filename().string().find(".jsonl") != std::string::npos) {
                spdlog::warn("{} has points for a server that is not among --influx-url; lxcmon-push replay "
                             "delivers them",
                             folder);
                break;
            }
    }
}

void TargetGroup::push(const Batch& batch) {
    for (const auto& target : targets_)
        target->push(batch);
}

std::size_t TargetGroup::stop(milliseconds grace) {
    std::vector<std::size_t> lost(targets_.size());
    std::vector<std::thread> threads;
    for (std::size_t index = 0; index < targets_.size(); ++index)
        threads.emplace_back([&, index] { lost[index] = targets_[index]->stop(grace); });
    for (std::thread& thread : threads)
        thread.join();
    return *std::ranges::max_element(lost);
}

bool TargetGroup::deliver_now(milliseconds limit, unsigned tries) {
    bool all_delivered = true;
    for (const auto& target : targets_) {
        const auto delivered = target->deliver_now(limit, tries);
        const auto counts = target->status().counts;
        if (delivered.spooled_lines != 0)
            spdlog::error("{} points were not delivered and wait in the spool: {}", delivered.lines_left,
                          delivered.why);
        else if (delivered.lines_left != 0)
            spdlog::error("{} points were not delivered: {}", delivered.lines_left, delivered.why);
        all_delivered = all_delivered && delivered.lines_left == 0 && counts.rejected_points == 0 &&
                        counts.dropped_points == 0;
    }
    return all_delivered;
}

deliver::Target::Status TargetGroup::status() const {
    deliver::Target::Status sum = targets_.front()->status();
    for (std::size_t index = 1; index < targets_.size(); ++index) {
        const auto status = targets_[index]->status();
        if (sum.trouble.empty() && !status.trouble.empty()) {
            sum.trouble = status.trouble;
            sum.counts.last_status = status.counts.last_status;
        }
        sum.counts.delivered_points += status.counts.delivered_points;
        sum.counts.rejected_points += status.counts.rejected_points;
        sum.counts.dropped_points += status.counts.dropped_points;
        sum.counts.retries += status.counts.retries;
        sum.dropped_in_memory += status.dropped_in_memory;
        sum.queue_points += status.queue_points;
        sum.spool_bytes += status.spool_bytes;
        sum.spool_points += status.spool_points;
    }
    return sum;
}

std::vector<std::string> TargetGroup::troubles() const {
    std::vector<std::string> troubles;
    for (const auto& target : targets_) {
        const auto status = target->status();
        if (status.trouble.empty())
            continue;
        const std::string name = target->name();
        troubles.push_back(fmt::format(
            "{}{}; {} points wait in memory, {} in the spool ({} bytes), {} were dropped",
            status.trouble.starts_with(name) ? "" : name + ": ", status.trouble, status.queue_points,
            status.spool_points, status.spool_bytes, status.counts.dropped_points));
    }
    return troubles;
}

std::string TargetGroup::name() const {
    std::vector<std::string> names;
    for (const auto& target : targets_)
        names.push_back(target->name());
    return fmt::format("{}", fmt::join(names, " and "));
}

} // namespace lxcmon
