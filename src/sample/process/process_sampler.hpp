// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"
#include "model/point.hpp"
#include "sample/guard/time_budget.hpp"
#include "sample/process/command_totals.hpp"
#include "sample/process/list.hpp"
#include "sample/process/reader.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// Shared by the ProcessSamplers of all containers.
struct ProcessContext {
    ProcessContext(int root, std::chrono::milliseconds deadline, std::chrono::nanoseconds time_budget,
                   const Selection& selection, std::size_t commands)
        : root_fd(root)
        , reader(deadline)
        , want_io(wants_io(selection))
        , top_commands(commands)
        , budget(time_budget) {}

    int root_fd; ///< borrowed; the cgroups are below it, the processes always in the agent's /proc
    ProcessReader reader;
    bool want_io;
    std::size_t top_commands; ///< number of commands sent for each container
    std::vector<pid_t> pids{};
    std::vector<io::ProcessStats> stats{};
    TimeBudget budget; ///< for one tick
};

/// Makes the lxc_process points of one start of a container. Sampling thread only.
class ProcessSampler {
  public:
    /// `directory`: the container's root cgroup, see process_hierarchy(). `context`, `container` and `names`,
    /// for the commands, are borrowed.
    ProcessSampler(ProcessContext& context, std::string directory, const Container& container,
                   SeriesNames& names)
        : context_(context)
        , directory_(std::move(directory))
        , container_(container)
        , names_(names)
        , place_(place_of(container)) {}

    /// Adds a point for each of the busiest commands. After a scan that hangs there are no scans for 5
    /// minutes, after a slow one for a minute. The points refer to strings of this object. Returns false if
    /// nothing was scanned.
    bool sample(std::span<char> buffer, std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points);

    /// Whether a scan was due at the last tick and skipped for lack of time.
    [[nodiscard]] bool was_left_out() const noexcept { return was_left_out_; }
    /// Whether a scan has hung or been slow. Such containers are sampled last.
    [[nodiscard]] bool may_hang() const noexcept { return has_hung_ || logged_slow_; }

  private:
    [[nodiscard]] bool scan(std::span<char> buffer);
    [[nodiscard]] std::optional<std::int64_t> read(std::span<const pid_t> pids);
    void note_slow(std::int64_t took_nsec);

    ProcessContext& context_;
    std::string directory_;
    const Container& container_;
    SeriesNames& names_;
    std::string place_;                   ///< see ProcessReader::read()
    std::optional<CommandTotals> totals_; ///< set by the first scan
    std::int64_t again_ns_ = 0;           ///< end of a pause, CLOCK_MONOTONIC
    bool was_left_out_ = false, has_hung_ = false;
    bool logged_slow_ = false, logged_more_ = false, logged_broken_ = false;
};

} // namespace lxcmon::sample
