#include "sample/sampler.hpp"

#include "io/clock.hpp"
#include "sample/container_sampler.hpp"
#include "sample/host_sampler.hpp"

#include <spdlog/spdlog.h>

#include <stdexcept>

namespace lxcmon::sample {
namespace {

constexpr std::size_t buffer_bytes = 128U << 10U;

std::unique_ptr<SampleContext> make_context(int root_fd, const Selection& selection) {
    CgroupLayout layout(io::read_whole(root_fd, "proc/self/mountinfo"));
    if (layout.describe() == "none")
        throw std::runtime_error(
            "no cgroup hierarchy is mounted on this host (/proc/self/mountinfo): mount cgroup2 "
            "on /sys/fs/cgroup");
    CgroupPlan plan(layout, selection);
    return std::make_unique<SampleContext>(SampleContext{
        root_fd, std::move(layout), std::move(plan), io::FdBudget::from_rlimit(), DeviceNames(root_fd),
        HugePages(root_fd), HostLinks{}, std::vector<char>(buffer_bytes), selection});
}

} // namespace

struct Sampler::Entry {
    Entry(const CommonTags& common, const Container& seen)
        : tags(std::make_unique<ContainerTags>(common, seen)) {}

    std::unique_ptr<ContainerTags> tags;
    std::uint64_t incarnation = 0;
    std::optional<ContainerSampler> sampler;
    std::uint64_t round = 0;
};

Sampler::Sampler(SampleSettings settings)
    : settings_(std::move(settings))
    , context_(make_context(settings_.root_fd, settings_.selection))
    , host_(std::make_unique<HostSampler>(settings_, context_->budget))
    , helper_(settings_.namespace_deadline) {}

Sampler::~Sampler() = default;

std::string_view Sampler::cgroup_version() const noexcept {
    return context_->layout.describe();
}

Sampler::Entry& Sampler::entry_of(const Container& container) {
    auto& entry = entries_[container.id];
    if (!entry)
        entry = std::make_unique<Entry>(settings_.tags, container);
    else if (!entry->tags->fits(container))
        entry->tags = std::make_unique<ContainerTags>(settings_.tags, container);
    entry->round = round_;
    return *entry;
}

void Sampler::add_stopped(const Container& container, Entry& entry, std::int64_t tick_ns,
                          PointBuffer& points) {
    entry.sampler.reset();
    entry.incarnation = 0;
    Readings readings;
    sample_stopped(container, container.state, readings);
    readings.emit(fields_of("lxc_state"), entry.tags->all(), {}, tick_ns, points);
}

/// Before the containers, so that one of them that hangs does not move the host's figures away from the tick.
void Sampler::sample_host(std::int64_t tick_ns, PointBuffer& points) {
    const bool needs_links = settings_.selection.has_any(fields_of("host_net")) ||
                             settings_.selection.has(field_id("lxc_net", "host_interface"));
    const int links_error = needs_links ? context_->host_links.refresh() : 0;
    host_->sample(tick_ns, context_->host_links, links_error, context_->buffer, points);
}

std::size_t Sampler::sample(const std::vector<const Container*>& containers, std::int64_t tick_ns,
                            PointBuffer& points) {
    ++round_;
    running_.clear();
    requests_.clear();
    context_->devices.forget();
    if (points.selection().has_any(fields_of("lxc_hugetlb")))
        context_->huge_pages.refresh();
    sample_host(tick_ns, points);
    const std::int64_t monotonic_ns = io::now_ns(CLOCK_MONOTONIC);
    for (const Container* container : containers) {
        Entry& entry = entry_of(*container);
        if (container->init_pid == 0) {
            add_stopped(*container, entry, tick_ns, points);
            continue;
        }
        if (!entry.sampler || entry.sampler->is_incomplete() || entry.incarnation != container->incarnation) {
            entry.sampler.emplace(*context_, *container);
            entry.incarnation = container->incarnation;
        }
        running_.push_back(&entry);
        requests_.push_back(entry.sampler->request(monotonic_ns));
    }
    std::erase_if(entries_, [this](const auto& item) { return item.second->round != round_; });

    std::size_t troubled = 0;
    const TickTime time{tick_ns, io::now_ns(CLOCK_BOOTTIME)};
    helper_.run(requests_,
                [&](std::size_t index, NamespaceHelper::Outcome outcome, const NamespaceReply& reply) {
                    Entry& entry = *running_[index];
                    if (!entry.sampler->sample(time, outcome, reply, entry.tags->all(), points))
                        ++troubled;
                });
    if (context_->budget.newly_exhausted())
        spdlog::warn("too few file descriptors to keep every control file open (RLIMIT_NOFILE): the others "
                     "are opened at "
                     "each read, which is slower but as right; raise LimitNOFILE");
    return troubled;
}

} // namespace lxcmon::sample
