// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/container_sampler.hpp"

#include "io/clock.hpp"
#include "io/pidfd.hpp"
#include "sample/cgroup/directories.hpp"
#include "sample/cgroup/memory.hpp"

#include <algorithm>
#include <cerrno>

namespace lxcmon::sample {
namespace {

std::string log_name(const Container& container) {
    return "container " + container.name;
}

} // namespace

ContainerSampler::ContainerSampler(SampleContext& context, const Container& container, ContainerNames& names)
    : context_(context)
    , container_(container)
    , network_(container.name, context.network, context.veth_pairs, names.interfaces)
    , counter_(container, context.count)
    , seldom_(container.id) {
    if (context.selection.has_any(fields_of("lxc_fs")))
        filesystems_.emplace(log_name(container), container.id, names.filesystems, place_of(container));
    context.budget.charge(); // the pidfd of its init
    std::string proc_cgroup;
    const std::string path = "proc/" + std::to_string(container.init_pid) + "/cgroup";
    const int error = io::try_read_whole(context.root_fd, path.c_str(), proc_cgroup);
    directories_ = container_directories(context.layout, proc_cgroup, container.name, container.cgroup_dir);
    has_cgroups_ = std::ranges::any_of(directories_, [](const auto& each) { return each.has_value(); });
    is_incomplete_ = error != 0;
    if (!has_cgroups_)
        report_cgroups(error);
    open_files();
    if (const auto hierarchy = process_hierarchy(context.layout, directories_);
        context.processes && hierarchy)
        processes_.emplace(*context.processes, *directories_[*hierarchy], container, names.commands);
    if (context.selection.has_any(fields_of("lxc_socket")))
        sockets_.emplace(context.root_fd, container.init_pid);
}

/// Restarts each rate and makes the seldom files due.
void ContainerSampler::open_files() {
    const auto v2 = context_.layout.find_v2();
    controllers_.reset();
    if (v2 && directories_[*v2])
        controllers_.emplace(context_.root_fd, *directories_[*v2], context_.changes);
    // Without a watch we would never notice a removed controller and would keep reporting stale values.
    io::FileChanges* const changes =
        controllers_ && !controllers_->is_watching() ? nullptr : &context_.changes;
    const ContainerFiles files{context_.root_fd, context_.layout,    directories_,
                               context_.budget,  context_.selection, changes};
    reader_.emplace(context_.plan, context_.root_fd, directories_, context_.budget, changes);
    cpu_.emplace(files);
    block_io_.emplace(files);
    pressure_.emplace(files);
    hugetlb_.emplace(files, context_.huge_pages);
    state_.emplace(files);
    limits_above_ = context_.limits_above.above(context_.layout, directories_);
    seldom_ = StaggeredSchedule(container_.id);
}

void ContainerSampler::scan_before_joining() noexcept {
    if (sockets_)
        sockets_->scan(context_.buffer, context_.selection);
}

bool ContainerSampler::may_hang() const noexcept {
    return counter_.may_hang() || (filesystems_ && filesystems_->may_hang()) ||
           (processes_ && processes_->may_hang());
}

bool ContainerSampler::was_left_out() const noexcept {
    return network_.was_left_out() || counter_.was_left_out() || (processes_ && processes_->was_left_out());
}

std::optional<FilesystemScan> ContainerSampler::filesystem_scan(std::span<const Tag> tags) noexcept {
    if (!filesystems_)
        return std::nullopt;
    return FilesystemScan{
        &*filesystems_, container_.init_pid, container_.init_pidfd.get(), fields_of("lxc_fs"),
        tags,           container_.managed};
}

bool ContainerSampler::sample(CountPass& pass, std::span<const Tag> tags, PointBuffer& points) {
    const std::size_t before = points.size();
    Readings readings;
    const TickTime time = context_.clock.now();
    sample_cgroups(time, readings, tags, points);
    sample_processes(time, pass, readings, tags, points);
    // Not `time`: the count of the processes may have hung.
    const bool has_commands =
        !processes_ || processes_->sample(context_.buffer, tags, context_.clock.now().wall_ns, points);
    has_ended_ = !io::is_alive(container_.init_pidfd.get());
    if (!has_ended_)
        return has_cgroups_ && cgroup_fault_.is_none() && counter_.is_well() && has_commands;
    // Its init ended meanwhile: another process may already have its pid and its cgroup's path.
    points.truncate(before);
    if (!io::has_ended(container_.init_pidfd.get()))
        return false; // unknown: no state either
    readings.clear();
    sample_stopped(container_, "STOPPING", readings);
    readings.emit(fields_of("lxc_state"), tags, {}, time.wall_ns, points);
    return true;
}

void ContainerSampler::sample_cgroups(const TickTime& time, Readings& readings, std::span<const Tag> tags,
                                      PointBuffer& points) {
    const std::span<char> buffer = context_.buffer;
    const std::int64_t monotonic_ns = io::now_ns(CLOCK_MONOTONIC);
    const bool seldom = seldom_.is_due(time.due_ns, context_.seldom_interval);
    if (const auto fault = reader_->read(buffer, {seldom, cpu_->is_limited()}, readings))
        cgroup_fault_.set(log_name(container_),
                          "/" + fault->path + " can't be read: " + message_of(fault->error) +
                              (fault->error == EACCES || fault->error == EPERM ? "; run as root" : ""));
    else if (has_cgroups_)
        cgroup_fault_.clear();
    cpu_->sample(buffer, monotonic_ns, seldom, readings);
    context_.limits_above.hold(limits_above_, {cpu_->own_limit_cores(), cpu_->usable_cpus()}, buffer,
                               monotonic_ns, readings);
    derive_memory(readings);
    readings.emit(fields_of("lxc_cpu"), tags, {}, time.wall_ns, points);
    readings.emit(fields_of("lxc_memory"), tags, {}, time.wall_ns, points);
    block_io_->sample(buffer, seldom, context_.devices, tags, time.wall_ns, points);
    pressure_->sample(buffer, tags, time.wall_ns, points);
    hugetlb_->sample(buffer, seldom, tags, time.wall_ns, points);
    if (seldom)
        seldom_.take(time.due_ns);
}

/// After the cgroups, because the helper may hang here.
void ContainerSampler::sample_processes(const TickTime& time, CountPass& pass, Readings& readings,
                                        std::span<const Tag> tags, PointBuffer& points) {
    counter_.sample(pass, container_, time.due_ns, readings);
    state_->sample(context_.buffer, container_, counter_.start_ticks(), time.boottime_ns, readings);
    readings.emit(fields_of("lxc_pids"), tags, {}, time.wall_ns, points);
    readings.emit(fields_of("lxc_state"), tags, {}, time.wall_ns, points);
}

bool ContainerSampler::sample_network(std::span<const Tag> tags, PointBuffer& points) {
    if (has_ended_)
        return true;
    const TickTime time = context_.clock.at(network_.read_ns(context_.link_lister));
    network_.sample(context_.link_lister,
                    {context_.link_lister.host_links(), tags, time.wall_ns, time.boottime_ns, points});
    if (sockets_ && network_.has_own_network()) {
        Readings readings;
        sockets_->set_fields(readings);
        readings.emit(fields_of("lxc_socket"), tags, {}, time.wall_ns, points);
    }
    return network_.is_well();
}

void ContainerSampler::report_cgroups(int error) {
    const std::string path = "/proc/" + std::to_string(container_.init_pid) + "/cgroup";
    if (error == ENOENT || error == ESRCH)
        return; // it has ended: sample() notices
    if (error != 0)
        cgroup_fault_.set(log_name(container_), path + " can't be read: " + message_of(error));
    else
        cgroup_fault_.set(log_name(container_),
                          "its init has no cgroup of its own (" + path +
                              "); cpu, memory, io and lxc_pids except processes are left out");
}

} // namespace lxcmon::sample
