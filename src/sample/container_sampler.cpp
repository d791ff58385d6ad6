#include "sample/container_sampler.hpp"

#include "io/clock.hpp"
#include "io/pidfd.hpp"
#include "sample/container_cgroups.hpp"
#include "sample/memory.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <system_error>

namespace lxcmon::sample {
namespace {

/// How long the mounts of a container whose filesystem hung are left alone.
constexpr std::int64_t hang_pause_ns = 300'000'000'000;
/// A filesystem that takes so long would make the ticks late for all containers: it is asked seldom.
constexpr std::int64_t slow_nsec = 100'000'000;
constexpr std::int64_t slow_pause_ns = 60'000'000'000;

std::string words(int error) {
    return std::generic_category().message(error);
}

} // namespace

ContainerSampler::ContainerSampler(SampleContext& context, const Container& container)
    : context_(context)
    , container_(container) {
    context.budget.charge(); // its pidfd
    std::string proc_cgroup;
    const std::string path = "proc/" + std::to_string(container.init_pid) + "/cgroup";
    const int error = io::try_read_whole(context.root_fd, path.c_str(), proc_cgroup);
    directories_ = container_directories(context.layout, proc_cgroup, container.name, container.cgroup_dir);
    has_cgroups_ = std::ranges::any_of(directories_, [](const auto& each) { return each.has_value(); });
    is_incomplete_ = error != 0;
    if (!has_cgroups_)
        say_cgroups(error);
    const ContainerFiles files{context.root_fd, context.layout, directories_, context.budget,
                               context.selection};
    reader_.emplace(context.plan, context.root_fd, directories_, context.budget);
    cpu_.emplace(files);
    block_io_.emplace(files);
    pressure_.emplace(files);
    hugetlb_.emplace(files, context.huge_pages);
    state_.emplace(files, container.init_pid);
}

NamespaceHelper::Request ContainerSampler::request(std::int64_t monotonic_ns) const noexcept {
    return {container_.init_pid, container_.init_pidfd.get(), monotonic_ns >= filesystem_again_ns_,
            root_device_.value_or(0)};
}

bool ContainerSampler::sample(const TickTime& time, NamespaceHelper::Outcome outcome,
                              const NamespaceReply& reply, std::span<const Tag> tags, PointBuffer& points) {
    const std::size_t before = points.size();
    Readings readings;
    sample_namespaces(time, outcome, reply, readings, tags, points);
    sample_cgroups(time, readings, tags, points);
    if (io::is_alive(container_.init_pidfd.get()))
        return has_cgroups_ && cgroup_fault_.empty() && namespace_fault_.empty();
    // It ended meanwhile: its pid and its cgroup's path may already be another's.
    points.truncate(before);
    readings.clear();
    sample_stopped(container_, "STOPPING", readings);
    readings.emit(fields_of("lxc_state"), tags, {}, time.wall_ns, points);
    return true;
}

void ContainerSampler::sample_cgroups(const TickTime& time, Readings& readings, std::span<const Tag> tags,
                                      PointBuffer& points) {
    const std::span<char> buffer = context_.buffer;
    const std::int64_t monotonic_ns = io::now_ns(CLOCK_MONOTONIC);
    if (const auto fault = reader_->read(buffer, readings))
        say(cgroup_fault_, "/" + fault->path + " can't be read: " + words(fault->error) +
                               (fault->error == EACCES || fault->error == EPERM ? "; run as root" : ""));
    else
        cgroup_fault_.clear();
    cpu_->sample(buffer, monotonic_ns, readings);
    derive_memory(readings);
    state_->sample(buffer, container_, time.boottime_ns, readings);
    readings.emit(fields_of("lxc_cpu"), tags, {}, time.wall_ns, points);
    readings.emit(fields_of("lxc_memory"), tags, {}, time.wall_ns, points);
    readings.emit(fields_of("lxc_pids"), tags, {}, time.wall_ns, points);
    readings.emit(fields_of("lxc_state"), tags, {}, time.wall_ns, points);
    if (points.selection().has_any(fields_of("lxc_io")))
        block_io_->sample(buffer, context_.devices, tags, time.wall_ns, points);
    pressure_->sample(buffer, tags, time.wall_ns, points);
    hugetlb_->sample(buffer, tags, time.wall_ns, points);
}

void ContainerSampler::sample_namespaces(const TickTime& time, NamespaceHelper::Outcome outcome,
                                         const NamespaceReply& reply, Readings& readings,
                                         std::span<const Tag> tags, PointBuffer& points) {
    if (outcome == NamespaceHelper::Outcome::hung)
        return note_hang();
    if (outcome == NamespaceHelper::Outcome::broken)
        return say(namespace_fault_,
                   "the helper process ended while it looked into its namespaces: network and "
                   "filesystem are left out this time");
    if (reply.error == ESRCH)
        return; // ended: sample() sees that
    if (reply.error != 0)
        return say(namespace_fault_, "its namespaces can't be joined: " + words(reply.error) +
                                         "; network and filesystem are left out. CAP_SYS_ADMIN and "
                                         "CAP_SYS_CHROOT (root) are needed");
    if (reply.network_error != 0)
        say(namespace_fault_, "its interfaces can't be listed: " + words(reply.network_error));
    else
        namespace_fault_.clear();
    if (reply.shares_host_network && !std::exchange(said_host_network_, true))
        spdlog::info("container {}: it shares the host's network: lxc_net is left out", container_.name);
    if (reply.has_more_links && !std::exchange(said_more_links_, true))
        spdlog::warn("container {}: it has more than {} interfaces: the others are left out", container_.name,
                     max_links);
    add_net_points(reply, context_.host_links, tags, time.wall_ns, points);
    if (reply.processes >= 0)
        readings.set(field_id("lxc_pids", "processes"), reply.processes);
    if (reply.root.has_source) {
        root_device_ = reply.root.device;
        root_source_ = {reply.root.source.data(), reply.root.filesystem_type.data()};
    }
    if (reply.root.present && reply.root.device == root_device_)
        add_root_fs_point(reply.root, root_source_, tags, time.wall_ns, points);
    if (reply.filesystem_nsec > slow_nsec)
        note_slow(reply.filesystem_nsec);
}

void ContainerSampler::note_slow(std::int64_t took_nsec) {
    filesystem_again_ns_ = io::now_ns(CLOCK_MONOTONIC) + slow_pause_ns;
    if (!std::exchange(said_slow_, true))
        spdlog::warn("container {}: its filesystem / took {} ms to answer; lxc_fs and the number of "
                     "processes are taken "
                     "once a minute while that lasts",
                     container_.name, took_nsec / 1'000'000);
}

void ContainerSampler::say_cgroups(int error) {
    const std::string path = "/proc/" + std::to_string(container_.init_pid) + "/cgroup";
    if (error == ENOENT || error == ESRCH)
        return; // ended: sample() sees that
    if (error != 0)
        say(cgroup_fault_, path + " can't be read: " + words(error));
    else
        say(cgroup_fault_,
            "its init is in no cgroup of its own (" + path + "): cpu, memory, io and pids are left out");
}

void ContainerSampler::note_hang() {
    filesystem_again_ns_ = io::now_ns(CLOCK_MONOTONIC) + hang_pause_ns;
    spdlog::warn("container {}: reading its filesystem / did not end in time; lxc_fs and the number of "
                 "processes are left "
                 "out for 5 minutes",
                 container_.name);
}

void ContainerSampler::say(std::string& last, std::string fault) {
    if (last == fault)
        return;
    last = std::move(fault);
    spdlog::warn("container {}: {}", container_.name, last);
}

} // namespace lxcmon::sample
