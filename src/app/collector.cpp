#include "app/collector.hpp"

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
/// What is looked at seldom: each 6th tick, or once a minute where that is sooner.
constexpr int seldom_ticks = 6;
constexpr std::chrono::minutes longest_seldom{1};
constexpr std::chrono::seconds longest_once{10};

io::UniqueFd open_root() {
    io::UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root)
        throw std::system_error(errno, std::generic_category(), "opening /");
    return root;
}

sample::SampleSettings sample_settings(const push::Config& config, int root_fd) {
    sample::SampleSettings settings;
    settings.tags = {config.host, config.tags};
    settings.root_fd = root_fd;
    settings.selection = selection_of(config);
    settings.fs_include = config.fs_include;
    settings.fs_exclude = config.fs_exclude;
    settings.fs_interval = config.once ? std::chrono::nanoseconds(0) : config.fs_interval;
    if (!config.once)
        settings.seldom_interval =
            std::min<std::chrono::nanoseconds>(seldom_ticks * config.interval, longest_seldom);
    settings.net_loopback = config.net_loopback;
    settings.top_commands = config.top_commands;
    // A hang must not cost the next tick, where ticks are that close.
    const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(config.interval / 2);
    settings.namespace_deadline = std::clamp(half, shortest_deadline, settings.namespace_deadline);
    // Where there is no next tick, who is left out now is left out for good.
    settings.scan_budget = config.once ? longest_once : settings.namespace_deadline;
    return settings;
}

} // namespace

Selection selection_of(const push::Config& config) {
    Selection selection = Selection::of(config.metrics);
    if (!config.sample_host)
        selection.remove("host_*");
    return selection;
}

Collector::Collector(const push::Config& config)
    : root(open_root())
    , table({config.lxcpaths, config.include, config.exclude})
    , sampler(sample_settings(config, root.get())) {
    points.select(sampler.selection());
    if (::geteuid() != 0)
        spdlog::warn(
            "running as uid {} and not as root: only containers that this user may look into are sampled",
            ::geteuid());
}

void Collector::collect(std::int64_t tick_ns, const sample::TakePoints& take) {
    points.clear();
    table.refresh();
    troubled = sampler.sample(table.containers(), tick_ns, points, take);
}

void Collector::collect_for_rates(std::int64_t tick_ns) {
    points.clear();
    table.refresh();
    sampler.sample_for_rates(table.containers(), tick_ns, points);
}

void Collector::wait_a_moment() {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
}

} // namespace lxcmon::app
