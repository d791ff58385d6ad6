// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/cgroup/cpu.hpp"
#include "sample/cgroup/pressure.hpp"
#include "sample/cgroup/reader.hpp"
#include "sample/host/io.hpp"
#include "sample/network/interface_choice.hpp"
#include "sample/settings.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// The host's own measurements: host_*, except host_fs. Files that no selected field needs are not opened.
/// Sampling thread only.
class HostSampler {
  public:
    /// All are borrowed; points view into the tags of `settings` and into `devices`.
    HostSampler(const SampleSettings& settings, io::FdBudget& budget, DeviceNames& devices);

    /// Adds the host's points with the timestamp `tick_ns`. `buffer` is scratch space and grows for longer
    /// files. If a file can't be read, its fields are left out, and the start and end of the failure are
    /// logged. A file that the kernel lacks is no error.
    void sample(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points);
    /// Adds host_net, if selected. `links_error`: the errno of listing `links`, or 0.
    void sample_net(std::int64_t tick_ns, std::span<const Link> links, int links_error, PointBuffer& points);

    /// The tags of all points of the host.
    [[nodiscard]] std::span<const Tag> tags() const noexcept { return tags_; }

  private:
    struct Source {
        io::KernelFile file;
        std::string_view measurement;
        io::Pieces pieces = io::Pieces::one;
        int error = 0; ///< the last logged errno
    };
    struct Keyed {
        CgroupPlan::File plan;
        Source source;
    };

    struct Pressure {
        std::string_view resource;
        PressureLines lines;
        Source source;
    };

    static std::string_view text_of(Source& source, std::vector<char>& buffer);
    void sample_cpu(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points);
    void sample_memory(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points);
    void sample_load(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points);
    void sample_pressure(std::int64_t tick_ns, std::vector<char>& buffer, PointBuffer& points);

    std::vector<Tag> tags_;
    std::optional<Source> stat_, loadavg_, diskstats_;
    std::vector<Keyed> keyed_;
    std::vector<Pressure> pressure_;
    CpuRate cpu_rate_;
    HostIo io_;
    bool has_net_;
    InterfaceChoice net_choice_;
    int links_error_ = 0;        ///< the last logged errno
    bool has_same_name_ = false; ///< an interface was left out of the last list, and logged
    Readings readings_;
};

} // namespace lxcmon::sample
