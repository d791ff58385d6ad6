#pragma once

#include "model/container.hpp"
#include "model/point.hpp"
#include "sample/command_totals.hpp"
#include "sample/process_list.hpp"
#include "sample/process_reader.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// What the ProcessSamplers of all containers share.
struct ProcessContext {
    ProcessContext(int root, std::chrono::milliseconds deadline, const Selection& selection,
                   std::size_t commands)
        : root_fd(root)
        , reader(deadline)
        , want_io(selection.has(field_id("lxc_process", "read_bytes")) ||
                  selection.has(field_id("lxc_process", "write_bytes")))
        , top_commands(commands) {}

    int root_fd; ///< borrowed; below it the cgroups are looked for, and not the processes
    ProcessReader reader;
    bool want_io;
    std::size_t top_commands; ///< sent of each container
    std::vector<pid_t> pids{};
    std::vector<ProcessFigures> figures{};
    /// Deadlines that may still be waited for in this tick: more would make it late for all containers, and
    /// in the end a watchdog impatient.
    int hangs_left = most_hangs;

    static constexpr int most_hangs = 3;
    void begin_tick() noexcept { hangs_left = most_hangs; }
};

/// The points of lxc_process of one start of one container. Sampling thread only.
class ProcessSampler {
  public:
    /// `directory`: the container's root cgroup, see process_hierarchy(). The others are borrowed.
    ProcessSampler(ProcessContext& context, std::string directory, const Container& container)
        : context_(context)
        , directory_(std::move(directory))
        , container_(container) {}

    /// Adds a point for each of the busiest commands. Where looking hangs the container's processes are left
    /// alone for some minutes. The points view into this. Returns whether they could be looked at.
    bool sample(std::span<char> buffer, std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points);

  private:
    [[nodiscard]] bool look(std::span<char> buffer);
    [[nodiscard]] bool read(std::span<const pid_t> pids);

    ProcessContext& context_;
    std::string directory_;
    const Container& container_;
    std::optional<CommandTotals> totals_; ///< from the first look on
    std::int64_t again_ns_ = 0;           ///< CLOCK_MONOTONIC before which they are left alone
    bool said_more_ = false;
    bool said_broken_ = false;
};

} // namespace lxcmon::sample
