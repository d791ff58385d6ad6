// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/output/target_group.hpp"

#include "app/settings/bad_setting.hpp"
#include "io/rotation.hpp"
#include "spool/contents.hpp"
#include "spool/folder.hpp"
#include "spool/owner.hpp"
#include "text/counted.hpp"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <exception>
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

/// Another user's folder could have false points, or a pipe instead of a file.
void check_spool(const std::string& folder) {
    if (const std::string unsafe = spool::why_unsafe(folder); !unsafe.empty())
        throw app::BadSetting("lxcmon-push: --spool-dir: " + unsafe);
}

/// One target uses the spool folder directly, the others use subfolders. So no points are left behind if its
/// URL or the number of servers changes. With several servers the previous owner keeps it, else the first.
std::string choose_owner(const DestinationSettings& settings) {
    std::string owner = spool::read_owner(settings.spool.folder);
    const auto& urls = settings.influx_urls;
    const bool is_kept = settings.influx_mode == "all" && std::ranges::find(urls, owner) != urls.end();
    return is_kept ? owner : urls.front();
}

deliver::TargetSettings target_settings(const Config& config, const std::string& spool_folder,
                                        const std::string& owner) {
    deliver::TargetSettings settings;
    settings.queue = queue_settings(config);
    if (spool_folder.empty()) {
        settings.queue.send_offset = milliseconds(0);
        return settings;
    }
    spool::Settings spool = config.destinations.spool;
    if (spool_folder == spool.folder)
        spool.owner = owner;
    spool.folder = spool_folder;
    spool.batch_lines = config.destinations.batch_lines;
    settings.spool = spool;
    return settings;
}

constexpr milliseconds beside_grace{5000};

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
    if (settings_.has_server()) {
        check_spool(settings_.spool.folder);
        owner_ = choose_owner(settings_);
    }
    for (Destination& destination : make_destinations(settings_)) {
        const std::string folder = destination.has_spool ? take_spool_folder(targets_.size()) : std::string();
        targets_.push_back({std::make_unique<deliver::Target>(std::move(destination.sink),
                                                              target_settings(config, folder, owner_)),
                            destination.feed, destination.is_beside});
    }
}

/// Of the server with this number; with failover all servers have one.
std::string TargetGroup::take_spool_folder(std::size_t number) {
    const std::string& url = settings_.influx_mode == "all" ? settings_.influx_urls[number] : owner_;
    std::string folder =
        url == owner_ ? settings_.spool.folder : settings_.spool.folder + "/" + folder_name(url);
    if (!spools_.insert(folder).second)
        throw app::BadSetting("lxcmon-push: --influx-url: two URLs have the same spool folder " + folder +
                              "; they must differ in a letter, a digit, '.' or '-'");
    return folder;
}

/// The subfolders of the targets are made in it, whichever target is the first.
void TargetGroup::make_spool_folder() const {
    const std::string& folder = settings_.spool.folder;
    if (!owner_.empty() && targets_.size() > 1 && io::make_parent_folders(folder) == 0)
        ::mkdir(folder.c_str(), spool::folder_mode); // each target says what is wrong
}

void TargetGroup::start() {
    make_spool_folder();
    std::exception_ptr failed;
    for (const Fed& each : targets_)
        try {
            each.target->start();
        } catch (const std::exception&) {
            failed = failed ? failed : std::current_exception();
        }
    if (failed)
        std::rethrow_exception(failed);
    if (!owner_.empty())
        warn_of_other_spools();
}

/// Warns of subfolders of servers that --influx-url no longer contains: their points are not delivered.
void TargetGroup::warn_of_other_spools() const {
    for (const std::string& name : spool::folders_with_segments(settings_.spool.folder))
        if (const std::string folder = settings_.spool.folder + "/" + name; !spools_.contains(folder))
            spdlog::warn("{} has points for a server that --influx-url no longer contains; lxcmon-push "
                         "replay delivers them",
                         folder);
}

void TargetGroup::push(const Batch& batch, Feed feed) {
    for (const Fed& each : targets_)
        if (each.feed == feed)
            each.target->push(batch);
}

bool TargetGroup::has(Feed feed) const noexcept {
    return std::ranges::any_of(targets_, [feed](const Fed& each) { return each.feed == feed; });
}

deliver::Target::Stopped TargetGroup::stop(milliseconds grace) {
    std::vector<deliver::Target::Stopped> stopped(targets_.size());
    {
        std::vector<std::jthread> threads;
        threads.reserve(targets_.size());
        for (std::size_t index = 0; index < targets_.size(); ++index) {
            // A reload gives targets with a spool no time, as it keeps the rest; files beside them have none.
            const milliseconds time = targets_[index].is_beside ? std::max(grace, beside_grace) : grace;
            const auto stop_it = [&, index, time] { stopped[index] = targets_[index].target->stop(time); };
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
    return std::ranges::any_of(targets_, [](const Fed& each) { return each.target->hangs(); });
}

bool TargetGroup::deliver_now(milliseconds limit, unsigned tries) {
    bool all_delivered = true;
    make_spool_folder();
    for (const Fed& each : targets_) {
        const auto delivered = each.target->deliver_now(limit, tries);
        const auto counts = each.target->status().counts;
        if (delivered.spooled_lines != 0)
            spdlog::error("{} not delivered, waiting in the spool: {}",
                          text::counted(delivered.lines_left, "point"), delivered.why);
        else if (delivered.lines_left != 0)
            spdlog::error("{} not delivered: {}", text::counted(delivered.lines_left, "point"),
                          delivered.why);
        if (counts.dropped_points != 0)
            spdlog::error("{} dropped by the limits of memory or spool",
                          text::counted(counts.dropped_points, "point was", "points were"));
        all_delivered = all_delivered && delivered.lines_left == 0 && counts.rejected_points == 0 &&
                        counts.dropped_points == 0;
    }
    return all_delivered;
}

deliver::Target::Status TargetGroup::status() const {
    deliver::Target::Status sum = targets_.front().target->status();
    for (std::size_t index = 1; index < targets_.size(); ++index) {
        const auto status = targets_[index].target->status();
        if (sum.trouble.empty() && !status.trouble.empty()) {
            sum.trouble = status.trouble;
            if (!targets_[index].is_beside)
                sum.counts.last_status = status.counts.last_status;
        }
        // What files beside servers get is no delivery: it must not hide that nothing else gets the points.
        if (targets_[index].is_beside)
            sum.counts.dropped_points += status.counts.dropped_points;
        else
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
    for (const Fed& each : targets_) {
        const auto status = each.target->status();
        if (status.trouble.empty())
            continue;
        const std::string name = each.target->name();
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
    for (const Fed& each : targets_)
        names.push_back(each.target->name());
    return fmt::format("{}", fmt::join(names, " and "));
}

} // namespace lxcmon::push
