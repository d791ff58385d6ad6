#pragma once

#include "sample/cgroup/block_io.hpp"
#include "sample/cgroup/controller_watch.hpp"
#include "sample/cgroup/cpu.hpp"
#include "sample/cgroup/hugetlb.hpp"
#include "sample/cgroup/pressure.hpp"
#include "sample/cgroup/reader.hpp"
#include "sample/cgroup/state.hpp"
#include "sample/container_tags.hpp"
#include "sample/filesystem/pass.hpp"
#include "sample/guard/fault.hpp"
#include "sample/guard/schedule.hpp"
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

/// What all containers' samplers share; lives as long as the Sampler.
struct SampleContext {
    int root_fd;
    CgroupLayout layout;
    CgroupPlan plan;
    io::FdBudget budget;
    io::FileChanges changes;
    DeviceNames devices;
    HugePages huge_pages;
    HostLinks host_links;
    NamespaceLinks networks;
    std::vector<char> buffer; ///< room for the largest control file
    Selection selection;
    ContainerNetwork::Wanted network;
    ProcessCounter::Wanted count;
    std::chrono::nanoseconds seldom_interval;  ///< see SampleSettings
    std::unique_ptr<ProcessContext> processes; ///< only where lxc_process is wanted
};

/// The times of a tick, each of its own clock.
struct TickTime {
    std::int64_t wall_ns;     ///< the points' timestamp
    std::int64_t boottime_ns; ///< CLOCK_BOOTTIME at the tick's begin, for uptimes
};

/// Samples one start of one container: made anew when its init changes, so that every rate starts afresh.
class ContainerSampler {
  public:
    ContainerSampler(SampleContext& context, const Container& container);
    ~ContainerSampler() { context_.budget.give_back(); }
    ContainerSampler(const ContainerSampler&) = delete;
    ContainerSampler& operator=(const ContainerSampler&) = delete;

    /// Whether something that is read but once could not be: make it anew.
    [[nodiscard]] bool is_incomplete() const noexcept { return is_incomplete_; }
    /// Opens its control files again where they are others now. Once a tick.
    void follow_controllers() {
        if (controllers_ && controllers_->has_changed())
            open_files();
    }

    /// Takes what would be changed by being in the container's network namespace, which may be another
    /// container's, too. Call before each sample, and before the first one of a tick.
    void scan_before_joining() noexcept;

    /// Whether looking into it has hung, or has been slow, or well may: it is looked at behind the others.
    [[nodiscard]] bool may_hang() const noexcept;

    /// Whether there was no time left for some of it in the last sample: it goes before the others in the
    /// next.
    [[nodiscard]] bool was_left_out() const noexcept;

    /// Of its filesystems, whether due or not; none where nobody wants lxc_fs.
    [[nodiscard]] std::optional<FilesystemScan> filesystem_scan(std::span<const Tag> tags) noexcept;

    [[nodiscard]] bool filesystems_are_well() const noexcept {
        return !filesystems_ || filesystems_->is_well();
    }

    /// Adds the container's points but for its filesystems. Where it has ended in the meantime only its state
    /// is left of them. Returns whether every figure could be read that should be.
    [[nodiscard]] bool sample(const TickTime& time, CountPass& round, std::span<const Tag> tags,
                              PointBuffer& points);

  private:
    void open_files();
    void sample_cgroups(const TickTime& time, Readings& readings, std::span<const Tag> tags,
                        PointBuffer& points);
    void sample_processes(const TickTime& time, CountPass& round, Readings& readings,
                          std::span<const Tag> tags, PointBuffer& points);
    /// Returns whether all could be read.
    bool sample_on_demand(const TickTime& time, Readings& readings, std::span<const Tag> tags,
                          PointBuffer& points);
    void say_cgroups(int error);

    SampleContext& context_;
    const Container& container_; ///< the table's entry, which outlives this
    std::vector<std::optional<std::string>> directories_;
    std::optional<ControllerWatch> controllers_; ///< none without a cgroup of v2
    std::optional<CgroupReader> reader_;
    std::optional<CpuSampler> cpu_;
    std::optional<BlockIoSampler> block_io_;
    std::optional<PressureSampler> pressure_;
    std::optional<HugetlbSampler> hugetlb_;
    std::optional<StateSampler> state_;
    std::optional<ProcessSampler> processes_; ///< only where lxc_process is wanted
    std::optional<SocketSampler> sockets_;    ///< only where lxc_socket is wanted
    ContainerNetwork network_;
    ProcessCounter counter_;
    StaggeredSchedule seldom_; ///< of the files whose Cadence is seldom
    std::optional<ContainerFilesystems> filesystems_;
    bool has_cgroups_ = false;
    bool is_incomplete_ = false;
    Fault cgroup_fault_;
};

} // namespace lxcmon::sample
