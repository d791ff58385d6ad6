#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/control_files.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace lxcmon::sample {

/// cpu.max of cgroup v2, "QUOTA PERIOD" in us: quota / period in cores. Nothing for "max".
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view text) noexcept;

/// cpu.cfs_quota_us and cpu.cfs_period_us of cgroup v1: the same. Nothing for a quota of -1.
[[nodiscard]] std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) noexcept;

/// How many CPUs a list such as "0-3,8" names (cpuset(7), list format). Nothing for an empty or bad list.
[[nodiscard]] std::optional<std::int64_t> count_cpus(std::string_view list) noexcept;

/// CPU time spent per time passed, in percent of one core. Starts afresh with each container start.
class CpuRate {
  public:
    /// `usage_usec`: the counter; `now_ns`: CLOCK_MONOTONIC of its reading. Nothing at the first call, when
    /// the counter went back, and when no time has passed.
    [[nodiscard]] std::optional<double> next(std::int64_t usage_usec, std::int64_t now_ns) noexcept;

  private:
    std::optional<std::int64_t> usage_usec_;
    std::int64_t time_ns_ = 0;
};

/// What lxc_cpu has besides plain counters: limit_cores, cpus, usage_percent.
class CpuSampler {
  public:
    explicit CpuSampler(const ContainerFiles& files);
    /// `seldom`: it is the turn of what is looked at seldom, which here is `cpus`: no event tells of a CPU
    /// that goes offline, or of a cpuset further up that is made smaller.
    void sample(std::span<char> buffer, std::int64_t monotonic_ns, bool seldom, Readings& readings) noexcept;
    /// Whether CPU time is limited, as of the last sample.
    [[nodiscard]] bool is_limited() const noexcept { return limit_cores_.has_value(); }

  private:
    std::optional<io::WatchedFile> cpu_max_;
    std::optional<io::WatchedFile> v1_quota_, v1_period_;
    std::optional<io::KernelFile> cpuset_;
    std::optional<double> limit_cores_;
    CpuRate rate_;
};

} // namespace lxcmon::sample
