// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/target_group.hpp"

#include "app/settings/bad_setting.hpp"
#include "text/counted.hpp"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

namespace lxcmon::push {
namespace {

using std::chrono::milliseconds;

/// A number in [0, 1) that depends only on the host name, evenly spread (FNV-1a).
double place_of(const std::string& host) noexcept {
    std::uint32_t hash = 2166136261U;
    for (const char c : host)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return static_cast<double>(hash) / 4294967296.0;
}

milliseconds quarter_of(std::chrono::nanoseconds interval) {
    return std::chrono::duration_cast<milliseconds>(interval / 4);
}

/// The folder name for a URL: http_a.example_8086 for http://a.example:8086.
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

/// The file that contains the URL of the server whose points are directly in the spool folder.
std::string owner_file(const std::string& spool_dir) {
    return spool_dir + "/owner";
}

/// One target uses the spool folder directly, the others use subfolders. So no points are left behind if its
/// URL or the number of servers changes. With several servers the previous owner keeps it, else the first.
std::string choose_owner(const DestinationSettings& settings) {
    std::string owner;
    std::ifstream file(owner_file(settings.spool.folder));
    std::getline(file, owner);
    const auto& urls = settings.influx_urls;
    const bool is_kept = settings.influx_mode == "all" && std::ranges::find(urls, owner) != urls.end();
    return is_kept ? owner : urls.front();
}

deliver::TargetSettings target_settings(const Config& config, const std::string& spool_folder) {
    deliver::TargetSettings settings;
    settings.queue = queue_settings(config);
    if (spool_folder.empty()) {
        settings.queue.send_offset = milliseconds(0);
        return settings;
    }
    spool::Settings spool = config.destinations.spool;
    spool.folder = spool_folder;
    spool.batch_lines = config.destinations.batch_lines;
    settings.spool = spool;
    return settings;
}

/// False if no thread can be started (TasksMax= of the unit, no memory).
template <typename Function>
bool started(std::vector<std::jthread>& threads, const Function& function) {
    try {
        threads.emplace_back(function);
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

} // namespace

milliseconds send_offset(const Config& config) {
    if (config.collect.once)
        return milliseconds(0); // no other tick shares the load
    const auto jitter = std::min(std::chrono::duration_cast<milliseconds>(config.destinations.send_jitter),
                                 quarter_of(config.collect.interval));
    return milliseconds(static_cast<std::int64_t>(static_cast<double>(jitter.count()) *
                                                  place_of(config.collect.sample.tags.host)));
}

deliver::QueueSettings queue_settings(const Config& config) {
    deliver::QueueSettings settings = config.destinations.queue;
    settings.send_offset = send_offset(config);
    // Points reach the spool well before the next tick, so a crash loses one tick at most.
    settings.spool_after =
        std::min<milliseconds>(quarter_of(config.collect.interval), std::chrono::seconds(2));
    return settings;
}

TargetGroup::TargetGroup(const Config& config)
    : settings_(config.destinations) {
    const bool spooled = settings_.has_server();
    if (spooled)
        owner_ = choose_owner(settings_);
    const bool one_for_all = settings_.influx_mode != "all";
    for (Destination& destination : make_destinations(settings_)) {
        format_ = destination.format;
        const std::string& url = one_for_all ? owner_ : settings_.influx_urls[targets_.size()];
        std::string folder =
            url == owner_ ? settings_.spool.folder : settings_.spool.folder + "/" + folder_name(url);
        if (!spooled)
            folder.clear();
        else if (!spools_.insert(folder).second)
            throw app::BadSetting("lxcmon-push: --influx-url: two URLs have the same spool folder " + folder +
                                  "; they must differ in a letter, a digit, '.' or '-'");
        targets_.push_back(
            std::make_unique<deliver::Target>(std::move(destination.sink), target_settings(config, folder)));
    }
}

void TargetGroup::start() {
    for (const auto& target : targets_)
        target->start();
    if (!owner_.empty()) {
        note_owner();
        warn_of_other_spools();
    }
}

void TargetGroup::note_owner() const {
    std::string noted;
    std::ifstream before(owner_file(settings_.spool.folder));
    if (std::getline(before, noted) && noted == owner_)
        return;
    std::ofstream(owner_file(settings_.spool.folder))
        << owner_ << '\n'; // if it can't be written, the first URL is the owner
    std::error_code ignored;
    std::filesystem::permissions(owner_file(settings_.spool.folder), std::filesystem::perms(0600), ignored);
}

/// Warns of subfolders of servers that --influx-url no longer contains: their points are not delivered.
void TargetGroup::warn_of_other_spools() const {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(settings_.spool.folder, error)) {
        const std::string folder = entry.path();
        if (!entry.is_directory(error) || spools_.contains(folder))
            continue;
        for (const auto& file : std::filesystem::directory_iterator(entry.path(), error))
            if (file.path().filename().string().find(".jsonl") != std::string::npos) {
                spdlog::warn("{} has points for a server that --influx-url no longer contains; lxcmon-push "
                             "replay delivers them",
                             folder);
                break;
            }
    }
}

void TargetGroup::push(const Batch& batch) {
    for (const auto& target : targets_)
        target->push(batch);
}

deliver::Target::Stopped TargetGroup::stop(milliseconds grace) {
    std::vector<deliver::Target::Stopped> stopped(targets_.size());
    {
        std::vector<std::jthread> threads;
        threads.reserve(targets_.size());
        for (std::size_t index = 0; index < targets_.size(); ++index) {
            const auto stop_it = [&, index] { stopped[index] = targets_[index]->stop(grace); };
            const bool is_last = index + 1 == targets_.size();
            if (is_last || !started(threads, stop_it))
                stop_it();
        }
    }
    deliver::Target::Stopped worst;
    for (const auto& each : stopped) {
        worst.lost_lines = std::max(worst.lost_lines, each.lost_lines);
        worst.hangs = worst.hangs || each.hangs;
    }
    return worst;
}

bool TargetGroup::hangs() const {
    return std::ranges::any_of(targets_, [](const auto& target) { return target->hangs(); });
}

bool TargetGroup::deliver_now(milliseconds limit, unsigned tries) {
    bool all_delivered = true;
    for (const auto& target : targets_) {
        const auto delivered = target->deliver_now(limit, tries);
        const auto counts = target->status().counts;
        if (delivered.spooled_lines != 0)
            spdlog::error("{} not delivered, waiting in the spool: {}",
                          text::counted(delivered.lines_left, "point"), delivered.why);
        else if (delivered.lines_left != 0)
            spdlog::error("{} not delivered: {}", text::counted(delivered.lines_left, "point"),
                          delivered.why);
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
        sum.counts.add(status.counts);
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
        troubles.push_back(fmt::format("{}{}; {} in memory, {} in the spool ({}), {} dropped",
                                       status.trouble.starts_with(name) ? "" : name + ": ", status.trouble,
                                       text::counted(status.queue_points, "point"), status.spool_points,
                                       text::counted(status.spool_bytes, "byte"),
                                       status.counts.dropped_points));
    }
    return troubles;
}

std::string TargetGroup::name() const {
    std::vector<std::string> names;
    for (const auto& target : targets_)
        names.push_back(target->name());
    return fmt::format("{}", fmt::join(names, " and "));
}

} // namespace lxcmon::push
