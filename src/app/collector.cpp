// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/collector.hpp"

#include "app/helper_watch.hpp"
#include "discover/lxc_api.hpp"
#include "discover/lxc_worker.hpp"
#include "io/clock.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

namespace lxcmon::app {
namespace {

constexpr std::chrono::milliseconds shortest_deadline{250};
/// Values that seldom change are read every 6th tick, at least once a minute.
constexpr int seldom_ticks = 6;
constexpr std::chrono::minutes longest_seldom{1};
constexpr std::chrono::seconds longest_once{10};
/// A reading that is later than a twentieth of the interval, and than 1 s, bends the rates of counters.
constexpr int late_part = 20;
constexpr std::chrono::seconds least_late{1};
constexpr std::chrono::milliseconds longest_first_wait{2'000};
/// With `once`, no later tick has what a manager of containers answers after this.
constexpr std::chrono::milliseconds longest_manager_wait{5'000};

io::UniqueFd open_root() {
    io::UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root)
        throw std::system_error(errno, std::generic_category(), "opening /");
    return root;
}

/// Adds the members that depend on the interval and on `once`.
discover::DiscoverSettings discover_settings(const CollectSettings& collect) {
    discover::DiscoverSettings settings = collect.discover;
    const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(collect.interval);
    settings.liblxc.wait = std::min(interval / 4, settings.liblxc.wait);
    if (collect.once)
        settings.managers.first_wait = settings.managers.hang_after = longest_manager_wait;
    else
        settings.liblxc.first_wait = longest_first_wait;
    return settings;
}

/// Adds the members that depend on the interval and on `once`.
sample::SampleSettings sample_settings(const CollectSettings& collect, int root_fd) {
    sample::SampleSettings settings = collect.sample;
    settings.root_fd = root_fd;
    settings.selection = collect.selection();
    if (collect.once || collect.reads_all)
        settings.fs_interval = std::chrono::nanoseconds(0);
    else
        settings.seldom_interval =
            std::min<std::chrono::nanoseconds>(seldom_ticks * collect.interval, longest_seldom);
    if (!collect.once)
        settings.late_after = std::max<std::chrono::nanoseconds>(collect.interval / late_part, least_late);
    // A hang must not delay the next tick, even if the interval is short.
    const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(collect.interval / 2);
    settings.namespace_deadline = std::clamp(half, shortest_deadline, settings.namespace_deadline);
    // With `once`, a skipped container has no later tick.
    settings.scan_budget = collect.once ? longest_once : settings.namespace_deadline;
    settings.links_wait =
        collect.once ? longest_once : std::min<std::chrono::nanoseconds>(half, settings.namespace_deadline);
    return settings;
}

} // namespace

Collector::Collector(const CollectSettings& settings)
    : root(open_root())
    , table(discover_settings(settings))
    , sampler(sample_settings(settings, root.get()))
    , settings_(settings) {
    points.select(sampler.selection());
    if (::geteuid() != 0)
        spdlog::warn("running as uid {} and not as root: only containers that this user can read are sampled",
                     ::geteuid());
}

void Collector::serve_as_worker(std::span<char* const> arguments) noexcept {
    discover::serve_as_lxc_worker(arguments);
}

void Collector::find_containers() {
    table.refresh();
}

void Collector::collect(std::int64_t tick_ns, const sample::TakePoints& take) {
    points.clear();
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    table.refresh();
    find_ns_ = io::now_ns(CLOCK_MONOTONIC) - begin_ns;
    troubled = sampler.sample(table.containers(), tick_ns, points, take);
    if (settings_.once)
        table.report_left_out();
    report_helpers();
}

void Collector::collect_for_rates(std::int64_t tick_ns) {
    points.clear();
    table.refresh();
    sampler.sample_for_rates(table.containers(), tick_ns, points);
}

std::array<Collector::Part, 4> Collector::times() const noexcept {
    const sample::SampleTimes& times = sampler.times();
    return {{{"finding the containers and their state", find_ns_},
             {"reading the values of the host and the containers", times.values_ns},
             {"waiting for the kernel's lists of interfaces", times.links_ns},
             {"asking the filesystems", times.filesystems_ns}}};
}

std::string Collector::liblxc_version() {
    return discover::liblxc_version();
}

void Collector::wait_a_moment() {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
}

} // namespace lxcmon::app
