#pragma once

#include "sample/cgroup/cpu.hpp"
#include "sample/cgroup/pressure.hpp"
#include "sample/cgroup/reader.hpp"
#include "sample/host/io.hpp"
#include "sample/network/host_links.hpp"
#include "sample/settings.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// The host's own measurements, host_* but host_fs, with the host's tags alone. What nobody wants is not even
/// opened. Sampling thread only.
class HostSampler {
  public:
    /// `settings` and `budget` are borrowed: points view into the settings' tags.
    HostSampler(const SampleSettings& settings, io::FdBudget& budget);

    /// Adds the host's points. `buffer` is scratch room that grows where a file is longer. `links_error`: why
    /// `links` could not be listed, or 0. A file that can't be read costs its own figures, and is said when
    /// that begins and when it ends; one that the kernel does not have is not missed.
    void sample(std::int64_t tick_ns, const HostLinks& links, int links_error, std::vector<char>& buffer,
                PointBuffer& points);

    /// What all points of the host carry.
    [[nodiscard]] std::span<const Tag> tags() const noexcept { return tags_; }

  private:
    struct Source {
        io::KernelFile file;
        std::string_view measurement;
        io::Pieces pieces = io::Pieces::one;
        int error = 0; ///< of the last reading, as it was said
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
    void sample_net(std::int64_t tick_ns, const HostLinks& links, int links_error, PointBuffer& points);

    std::vector<Tag> tags_;
    std::optional<Source> stat_, loadavg_, diskstats_;
    std::vector<Keyed> keyed_;
    std::vector<Pressure> pressure_;
    CpuRate cpu_rate_;
    HostIo io_;
    bool has_net_;
    bool net_loopback_;
    int links_error_ = 0; ///< as it was said
    Readings readings_;
};

} // namespace lxcmon::sample
