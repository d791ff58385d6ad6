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

/// What the ProcessSamplers of all containers share.
struct ProcessContext {
    ProcessContext(int root, std::chrono::milliseconds deadline, std::chrono::nanoseconds most,
                   const Selection& selection, std::size_t commands)
        : root_fd(root)
        , reader(deadline)
        , want_io(selection.has(field_id("lxc_process", "read_bytes")) ||
                  selection.has(field_id("lxc_process", "write_bytes")))
        , top_commands(commands)
        , budget(most) {}

    int root_fd; ///< borrowed; below it the cgroups are looked for, and not the processes
    ProcessReader reader;
    bool want_io;
    std::size_t top_commands; ///< sent of each container
    std::vector<pid_t> pids{};
    std::vector<io::ProcessStats> stats{};
    TimeBudget budget; ///< of a tick
};

/// The points of lxc_process of one start of one container. Sampling thread only.
class ProcessSampler {
  public:
    /// `directory`: the container's root cgroup, see process_hierarchy(). The others are borrowed.
    ProcessSampler(ProcessContext& context, std::string directory, const Container& container)
        : context_(context)
        , directory_(std::move(directory))
        , container_(container) {}

    /// Adds a point for each of the busiest commands. Where looking hangs, or is slow, the container's
    /// processes are left alone for some minutes, or one. The points view into this. Returns whether they
    /// could be looked at.
    bool sample(std::span<char> buffer, std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points);

    /// Whether it was due at the last tick, and no time was left in that.
    [[nodiscard]] bool was_left_out() const noexcept { return was_left_out_; }
    /// Whether it has hung, or has been slow: it is looked at behind the others.
    [[nodiscard]] bool may_hang() const noexcept { return has_hung_ || said_slow_; }

  private:
    [[nodiscard]] bool scan(std::span<char> buffer);
    [[nodiscard]] std::optional<std::int64_t> read(std::span<const pid_t> pids);
    void note_slow(std::int64_t took_nsec);

    ProcessContext& context_;
    std::string directory_;
    const Container& container_;
    std::optional<CommandTotals> totals_; ///< from the first look on
    std::int64_t again_ns_ = 0;           ///< CLOCK_MONOTONIC before which they are left alone
    bool was_left_out_ = false, has_hung_ = false;
    bool said_slow_ = false, said_more_ = false, said_broken_ = false;
};

} // namespace lxcmon::sample
