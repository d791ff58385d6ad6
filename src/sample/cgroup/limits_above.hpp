// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/cgroup/layout.hpp"
#include "sample/guard/schedule.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// The lowest limits of some cgroups; nothing: no limit.
struct Limits {
    std::optional<double> cores;
    std::optional<std::int64_t> memory_bytes, swap_bytes, processes;

    /// Takes each limit of `other` that is lower.
    void lower_to(const Limits& other) noexcept;
};

/// The limits of one cgroup and of all above it, up to the mount point of its hierarchy: they hold for each
/// container below it, whatever its own limits are (Documentation/admin-guide/cgroup-v2.rst, "Top-down
/// Constraint"). Of more than `most_levels`, the lowest are left out: a user can make those.
class BranchLimits {
  public:
    static constexpr int most_levels = 32;

    /// `directory`: relative to `root_fd`, which is borrowed, at or below the mount point of `hierarchy`.
    /// `number`: branches with different ones are due at different times.
    BranchLimits(int root_fd, const Hierarchy& hierarchy, std::string_view directory, std::uint64_t number);

    /// Reads the files again once per `interval`. `now_ns`: CLOCK_MONOTONIC. `buffer` is scratch space. A
    /// file that is missing or can't be read sets no limit. If descriptors run short, the last limits stay;
    /// null: there are none.
    const Limits* read(std::span<char> buffer, std::int64_t now_ns, std::chrono::nanoseconds interval);

  private:
    [[nodiscard]] std::optional<Limits> read_all(std::span<char> buffer) const;
    [[nodiscard]] std::optional<Limits> limits_of(const std::string& directory, std::span<char> buffer) const;

    int root_fd_;
    bool has_unified_ = false, has_cpu_ = false, has_pids_ = false;
    std::vector<std::string> directories_; ///< the highest first
    std::optional<Limits> limits_;
    StaggeredSchedule schedule_;
};

/// The branches above all containers: each is read once, however many containers are below it. Sampling
/// thread only.
class LimitsAbove {
  public:
    using Branches = std::vector<std::shared_ptr<BranchLimits>>;

    /// `interval`: between two reads of a branch. No event tells of a new limit above a container.
    LimitsAbove(int root_fd, std::chrono::nanoseconds interval) noexcept
        : root_fd_(root_fd)
        , interval_(interval) {}

    /// The branches above one container, in each hierarchy with a limit that this class reads. v1's memory is
    /// not among them: memory.stat has hierarchical_memory_limit. `directories`: from
    /// container_directories().
    [[nodiscard]] Branches above(const CgroupLayout& layout,
                                 const std::vector<std::optional<std::string>>& directories);

    /// The limits of a container's CPU time that are not in its readings.
    struct OwnCpu {
        std::optional<double> cores;
        std::optional<std::int64_t> usable_cpus; ///< by its cpuset
    };
    /// Sets the limits that hold: the lowest of the container's own, which must be in `readings` already
    /// except `own_cpu`, and of those above it. A cpuset is a limit if it has fewer CPUs than are online.
    /// Sets none of them while the limits of a branch are not known.
    void hold(const Branches& branches, const OwnCpu& own_cpu, std::span<char> buffer, std::int64_t now_ns,
              Readings& readings);

  private:
    void read_online_cpus(std::span<char> buffer, std::int64_t now_ns) noexcept;

    int root_fd_;
    std::chrono::nanoseconds interval_;
    std::optional<std::int64_t> online_cpus_, online_read_ns_;
    std::uint64_t branches_made_ = 0;
    std::map<std::string, std::weak_ptr<BranchLimits>, std::less<>> branches_; ///< by directory
};

} // namespace lxcmon::sample
