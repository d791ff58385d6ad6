// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/sampler.hpp"

#include "io/clock.hpp"
#include "sample/cgroup/control_files.hpp"
#include "sample/container_sampler.hpp"
#include "sample/host/host_sampler.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lxcmon::sample {
namespace {

constexpr std::size_t buffer_bytes = 128U << 10U;
/// About 150 KiB.
constexpr std::size_t most_points = 128;

LinkLister::Host wanted_host_links(const Selection& selection) noexcept {
    if (selection.has_any(fields_of("host_net")))
        return LinkLister::Host::names_and_counters;
    return selection.has(field_id("lxc_net", "host_interface")) ? LinkLister::Host::names
                                                                : LinkLister::Host::none;
}

std::unique_ptr<SampleContext> make_context(const SampleSettings& settings) {
    CgroupLayout layout(io::read_whole(settings.root_fd, "proc/self/mountinfo"));
    if (layout.describe() == "none")
        throw std::runtime_error(
            "no cgroup hierarchy is mounted on this host (/proc/self/mountinfo): mount cgroup2 "
            "on /sys/fs/cgroup");
    CgroupPlan plan(layout, settings.selection);
    // lxc_socket needs it too: a container in the host's network namespace has no socket counts of its own.
    const ContainerNetwork::Wanted network{settings.selection.has_any(fields_of("lxc_net")) ||
                                               settings.selection.has_any(fields_of("lxc_socket")),
                                           {settings.net_loopback, settings.net_globs}};
    const ProcessCounter::Wanted count{settings.selection.has(field_id("lxc_pids", "processes")),
                                       settings.selection.has(field_id("lxc_state", "uptime_sec")),
                                       settings.seldom_interval};
    std::unique_ptr<ProcessContext> processes;
    if (settings.selection.has_any(fields_of("lxc_process")))
        processes =
            std::make_unique<ProcessContext>(settings.root_fd, settings.namespace_deadline,
                                             settings.scan_budget, settings.selection, settings.top_commands);
    // Not make_unique(): a LinkLister can't be moved.
    return std::unique_ptr<SampleContext>(new SampleContext{
        settings.root_fd, TickClock(settings.late_after), std::move(layout), std::move(plan),
        io::FdBudget::from_rlimit(), io::FileChanges(), DeviceNames(settings.root_fd, settings.io_globs),
        HugePages(settings.root_fd), LimitsAbove(settings.root_fd, settings.seldom_interval),
        LinkLister(wanted_host_links(settings.selection), settings.links_wait),
        std::vector<char>(buffer_bytes), settings.selection, network, VethPairs(), count,
        settings.seldom_interval, std::move(processes)});
}

} // namespace

struct Sampler::Entry {
    Entry(const CommonTags& common, const Container& seen, GoneContainers& gone)
        : key(seen.lxcpath, seen.name)
        , names(gone.take(key, io::now_ns(CLOCK_BOOTTIME)))
        , tags(std::make_unique<ContainerTags>(common, seen)) {}

    GoneContainers::Key key;
    std::unique_ptr<ContainerNames> names;
    std::unique_ptr<ContainerTags> tags;
    std::uint64_t incarnation = 0;
    std::optional<ContainerSampler> sampler;
    std::uint64_t round = 0;
    bool is_well = true;
    bool may_hang = false;    ///< a scan of one of its starts hung, or is likely to
    std::uint64_t served = 0; ///< the last round with enough time for all of it
};

Sampler::Sampler(SampleSettings settings)
    : settings_(std::move(settings))
    , context_(make_context(settings_))
    , host_(std::make_unique<HostSampler>(settings_, context_->budget, context_->devices))
    , helper_(settings_.namespace_deadline, {{settings_.fs_include, settings_.fs_exclude}})
    , filesystem_pass_(settings_.scan_budget, context_->devices, context_->clock) {
    if (settings_.selection.has_any(fields_of("host_fs")))
        host_filesystems_.emplace("the host", 0, host_filesystem_names_, "the host");
}

Sampler::~Sampler() = default;

std::string_view Sampler::cgroup_version() const noexcept {
    return context_->layout.describe();
}

std::string Sampler::cgroup_trouble() const {
    if (!settings_.selection.has_any(fields_of("lxc_memory")) ||
        has_memory_controller(settings_.root_fd, context_->layout))
        return {};
    return "the memory controller is off, and lxc_memory is left out: boot the kernel with "
           "cgroup_enable=memory (Raspberry Pi OS) or without cgroup_disable=memory, or leave it out with "
           "--metrics '!lxc_memory'";
}

std::int64_t Sampler::timestamp_now() noexcept {
    return context_->clock.now().wall_ns;
}

Sampler::Entry& Sampler::entry_of(const Container& container) {
    auto& entry = entries_[container.id];
    if (!entry)
        entry = std::make_unique<Entry>(settings_.tags, container, gone_);
    else if (!entry->tags->matches(container))
        entry->tags = std::make_unique<ContainerTags>(settings_.tags, container);
    entry->round = round_;
    return *entry;
}

void Sampler::add_stopped(const Container& container, Entry& entry, PointBuffer& points) {
    entry.sampler.reset();
    entry.incarnation = 0;
    Readings readings;
    sample_stopped(container, container.state, readings);
    readings.emit(fields_of("lxc_state"), entry.tags->all(), {}, context_->clock.now().wall_ns, points);
}

void Sampler::add_running(const Container& container, Entry& entry) {
    if (!entry.sampler || entry.sampler->is_incomplete() || entry.incarnation != container.incarnation) {
        entry.sampler.emplace(*context_, container, *entry.names);
        entry.incarnation = container.incarnation;
    }
    entry.sampler->follow_controllers();
    entry.sampler->scan_before_joining();
    running_.push_back(&entry);
}

/// Containers skipped behind a hung one go first in the next tick; containers that may hang go last. A
/// restart does not reset that.
void Sampler::put_in_order() {
    for (Entry* entry : running_)
        entry->may_hang = entry->may_hang || entry->sampler->may_hang();
    const auto place = [](const Entry* entry) { return std::pair(entry->may_hang, entry->served); };
    if (!std::ranges::is_sorted(running_, {}, place))
        std::ranges::stable_sort(running_, {}, place);
}

void Sampler::sample_running(CountPass& pass, PointBuffer& points, const TakePoints& take) {
    put_in_order();
    start_links();
    for (Entry* entry : running_) {
        entry->is_well = entry->sampler->sample(pass, entry->tags->all(), points);
        if (take && points.size() >= most_points)
            take(points);
    }
    finish_links(points, take);
    for (Entry* entry : running_)
        if (!entry->sampler->was_left_out())
            entry->served = round_;
}

/// The interfaces are listed while the other values are read, and no longer than links_wait.
void Sampler::start_links() {
    context_->link_lister.begin();
    for (Entry* entry : running_)
        entry->sampler->ask_links();
    context_->link_lister.start();
}

void Sampler::finish_links(PointBuffer& points, const TakePoints& take) {
    LinkLister& lister = context_->link_lister;
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    lister.finish();
    times_.links_ns = io::now_ns(CLOCK_MONOTONIC) - begin_ns;
    if (const auto error = lister.host_error())
        host_->sample_net(context_->clock.at(lister.host_read_ns()).wall_ns, lister.host_links().own(),
                          *error, points);
    for (Entry* entry : running_)
        entry->sampler->note_veth_ends();
    for (Entry* entry : running_) {
        if (!entry->sampler->sample_network(entry->tags->all(), points))
            entry->is_well = false;
        if (take && points.size() >= most_points)
            take(points);
    }
}

void Sampler::scan_filesystems(PointBuffer& points) {
    filesystem_pass_.begin(io::now_ns(CLOCK_MONOTONIC), settings_.fs_interval);
    for (Entry* entry : running_)
        if (const auto scan = entry->sampler->filesystem_scan(entry->tags->all()))
            filesystem_pass_.add(*scan);
    if (host_filesystems_)
        filesystem_pass_.add({&*host_filesystems_, 0, -1, fields_of("host_fs"), host_->tags()});
    filesystem_pass_.run(helper_, !owes_risky_scan_, points);
}

void Sampler::begin_round(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                          PointBuffer& points) {
    ++round_;
    context_->clock.begin(tick_ns);
    io::WorkerProcess::reap();
    running_.clear();
    context_->devices.forget();
    context_->changes.refresh();
    if (context_->processes)
        context_->processes->budget.renew();
    if (points.selection().has_any(fields_of("lxc_hugetlb")))
        context_->huge_pages.refresh();
    // Before the containers, so that a hung container does not delay the host's values.
    host_->sample(context_->clock.now().wall_ns, context_->buffer, points);
    for (const Container* container : containers) {
        Entry& entry = entry_of(*container);
        if (container->init_pid == 0)
            add_stopped(*container, entry, points);
        else
            add_running(*container, entry);
    }
    forget_gone();
}

void Sampler::forget_gone() {
    std::erase_if(entries_, [this](auto& item) {
        Entry& entry = *item.second;
        if (entry.round == round_)
            return false;
        entry.sampler.reset(); // it refers to the names
        gone_.put(std::move(entry.key), std::move(entry.names), io::now_ns(CLOCK_BOOTTIME));
        return true;
    });
}

void Sampler::sample_for_rates(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                               PointBuffer& points) {
    begin_round(containers, tick_ns, points);
    CountPass no_time{helper_, TimeBudget(std::chrono::nanoseconds(0))};
    sample_running(no_time, points, {});
}

std::size_t Sampler::sample(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                            PointBuffer& points, const TakePoints& take) {
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    begin_round(containers, tick_ns, points);
    CountPass pass{helper_, TimeBudget(settings_.scan_budget)};
    sample_running(pass, points, take);
    // After a hang, risky scans wait for the next tick, but never twice in a row.
    owes_risky_scan_ = pass.budget.is_spent() && !owes_risky_scan_;
    const std::int64_t sampled_ns = io::now_ns(CLOCK_MONOTONIC);
    times_.values_ns = sampled_ns - begin_ns - times_.links_ns;
    scan_filesystems(points);
    times_.filesystems_ns = io::now_ns(CLOCK_MONOTONIC) - sampled_ns;
    if (context_->budget.newly_exhausted())
        spdlog::warn(
            "file descriptor limit reached (RLIMIT_NOFILE): some control files are reopened on every read "
            "(slower, still correct); raise LimitNOFILE");
    if (context_->changes.newly_exhausted())
        spdlog::info("no inotify watches are left for some control files (fs.inotify.max_user_instances, "
                     "max_user_watches): these files are read for each sample, which costs 2 us each");
    return static_cast<std::size_t>(std::ranges::count_if(running_, [](const Entry* entry) {
        return !entry->is_well || !entry->sampler->filesystems_are_well();
    }));
}

} // namespace lxcmon::sample
