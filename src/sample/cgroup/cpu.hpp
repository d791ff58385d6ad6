// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/control_files.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace lxcmon::sample {

/// The CPU limit in cores from cpu.max of cgroup v2, "QUOTA PERIOD" in us. Nothing for "max".
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view text) noexcept;

/// The same from cpu.cfs_quota_us and cpu.cfs_period_us of cgroup v1. Nothing for a quota of -1.
[[nodiscard]] std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) noexcept;

/// The number of CPUs in a list such as "0-3,8" (cpuset(7), list format). Nothing for an empty or bad list.
[[nodiscard]] std::optional<std::int64_t> count_cpus(std::string_view list) noexcept;

/// CPU time used per time passed, in percent of one core. Each container start needs a new one.
class CpuRate {
  public:
    /// `usage_usec`: the counter; `now_ns`: CLOCK_MONOTONIC when it was read. Nothing at the first call, if
    /// the counter went back, or if no time has passed.
    [[nodiscard]] std::optional<double> next(std::int64_t usage_usec, std::int64_t now_ns) noexcept;

  private:
    std::optional<std::int64_t> usage_usec_;
    std::int64_t time_ns_ = 0;
};

/// The fields of lxc_cpu that are not plain counters: own_limit_cores, cpus, usage_percent.
class CpuSampler {
  public:
    explicit CpuSampler(const ContainerFiles& files);
    /// Sets the fields; usage_usec must be in `readings` already. `monotonic_ns`: when it was read. `seldom`:
    /// the seldom files are due; here `cpus`, because no event reports an offline CPU or a smaller parent
    /// cpuset.
    void sample(std::span<char> buffer, std::int64_t monotonic_ns, bool seldom, Readings& readings) noexcept;
    /// True if the container's own CPU time was limited in the last sample: cpu.stat counts only that limit.
    [[nodiscard]] bool is_limited() const noexcept { return limit_cores_.has_value(); }
    /// The container's own limit in the last sample.
    [[nodiscard]] std::optional<double> own_limit_cores() const noexcept { return limit_cores_; }
    /// The CPUs that the container may use, when they were last read; `cpus` is sent only then.
    [[nodiscard]] std::optional<std::int64_t> usable_cpus() const noexcept { return cpus_; }

  private:
    std::optional<io::WatchedFile> cpu_max_;
    std::optional<io::WatchedFile> v1_quota_, v1_period_;
    std::optional<io::KernelFile> cpuset_;
    std::optional<double> limit_cores_;
    std::optional<std::int64_t> cpus_;
    CpuRate rate_;
};

} // namespace lxcmon::sample
