// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/cgroup/block_io.hpp"
#include "sample/cgroup/controller_watch.hpp"
#include "sample/cgroup/cpu.hpp"
#include "sample/cgroup/hugetlb.hpp"
#include "sample/cgroup/limits_above.hpp"
#include "sample/cgroup/pressure.hpp"
#include "sample/cgroup/reader.hpp"
#include "sample/cgroup/state.hpp"
#include "sample/container_tags.hpp"
#include "sample/filesystem/pass.hpp"
#include "sample/guard/container_names.hpp"
#include "sample/guard/fault.hpp"
#include "sample/guard/schedule.hpp"
#include "sample/guard/tick_clock.hpp"
#include "sample/network/container_network.hpp"
#include "sample/network/sockets.hpp"
#include "sample/process/counter.hpp"
#include "sample/process/process_sampler.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// Shared by the samplers of all containers; lives as long as the Sampler.
struct SampleContext {
    int root_fd;
    TickClock clock;
    CgroupLayout layout;
    CgroupPlan plan;
    io::FdBudget budget;
    io::FileChanges changes;
    DeviceNames devices;
    HugePages huge_pages;
    LimitsAbove limits_above;
    LinkLister link_lister;
    std::vector<char> buffer; ///< room for the largest control file
    Selection selection;
    ContainerNetwork::Wanted network;
    VethPairs veth_pairs;
    ProcessCounter::Wanted count;
    std::chrono::nanoseconds seldom_interval;  ///< see SampleSettings
    std::unique_ptr<ProcessContext> processes; ///< null unless lxc_process is selected
};

/// Samples one start of one container. A new init gets a new sampler, so every rate restarts. Sampling thread
/// only.
class ContainerSampler {
  public:
    /// All are borrowed. `names`: those of the container's earlier starts. Opens files; a failure is logged,
    /// or shows in is_incomplete().
    ContainerSampler(SampleContext& context, const Container& container, ContainerNames& names);
    ~ContainerSampler() { context_.budget.give_back(); }
    ContainerSampler(const ContainerSampler&) = delete;
    ContainerSampler& operator=(const ContainerSampler&) = delete;

    /// True if a file that is read only once could not be read: replace this sampler.
    [[nodiscard]] bool is_incomplete() const noexcept { return is_incomplete_; }
    /// Reopens the control files if the kernel has replaced them. Call once per tick.
    void follow_controllers() {
        if (controllers_ && controllers_->has_changed())
            open_files();
    }

    /// Counts the sockets. Call for all containers before LinkLister::start(): the agent's own rtnetlink
    /// socket counts in the namespace for some milliseconds, and containers can share a namespace.
    void scan_before_joining() noexcept;
    /// Asks for the interfaces. Call before LinkLister::start().
    void ask_links() { network_.ask(context_.link_lister, container_); }
    /// After the list, before sample_network() of any container: see ContainerNetwork.
    void note_veth_ends() { network_.note_veth_ends(context_.link_lister); }

    /// True if a scan of this container has hung, was slow, or is likely to be: sample it last.
    [[nodiscard]] bool may_hang() const noexcept;

    /// True if the time budget ran out for a part of the last sample: sample it first in the next tick.
    [[nodiscard]] bool was_left_out() const noexcept;

    /// The scan of its filesystems, due or not; none unless lxc_fs is selected.
    [[nodiscard]] std::optional<FilesystemScan> filesystem_scan(std::span<const Tag> tags) noexcept;

    [[nodiscard]] bool filesystems_are_well() const noexcept {
        return !filesystems_ || filesystems_->is_well();
    }

    /// Adds the container's points, except lxc_fs, lxc_net and lxc_socket. If its init has ended meanwhile,
    /// only lxc_state is added. Returns whether every readable value could be read.
    [[nodiscard]] bool sample(CountPass& pass, std::span<const Tag> tags, PointBuffer& points);
    /// Adds lxc_net and lxc_socket. Call after sample() and LinkLister::finish(). Returns whether all could
    /// be read.
    [[nodiscard]] bool sample_network(std::span<const Tag> tags, PointBuffer& points);

  private:
    void open_files();
    void sample_cgroups(const TickTime& time, Readings& readings, std::span<const Tag> tags,
                        PointBuffer& points);
    void sample_processes(const TickTime& time, CountPass& pass, Readings& readings,
                          std::span<const Tag> tags, PointBuffer& points);
    void report_cgroups(int error);

    SampleContext& context_;
    const Container& container_; ///< the table's entry, which outlives this
    std::vector<std::optional<std::string>> directories_;
    std::optional<ControllerWatch> controllers_; ///< none without a v2 cgroup
    std::optional<CgroupReader> reader_;
    std::optional<CpuSampler> cpu_;
    std::optional<BlockIoSampler> block_io_;
    std::optional<PressureSampler> pressure_;
    std::optional<HugetlbSampler> hugetlb_;
    LimitsAbove::Branches limits_above_;
    std::optional<StateSampler> state_;
    std::optional<ProcessSampler> processes_; ///< none unless lxc_process is selected
    std::optional<SocketSampler> sockets_;    ///< none unless lxc_socket is selected
    ContainerNetwork network_;
    ProcessCounter counter_;
    StaggeredSchedule seldom_; ///< for files with Cadence::seldom
    std::optional<ContainerFilesystems> filesystems_;
    bool has_cgroups_ = false;
    bool is_incomplete_ = false;
    bool has_ended_ = false; ///< at the last sample()
    Fault cgroup_fault_;
};

} // namespace lxcmon::sample
