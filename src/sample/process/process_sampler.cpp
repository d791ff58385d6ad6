// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/process/process_sampler.hpp"

#include "io/clock.hpp"
#include "sample/guard/pauses.hpp"
#include "sample/helper/progress.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace lxcmon::sample {
namespace {

constexpr WalkBounds walk_bounds;
/// Several thousand processes take a tenth of this.
constexpr std::int64_t slow_processes_nsec = 500'000'000;

/// CLOCK_BOOTTIME in the unit of /proc/PID/stat.
std::int64_t now_ticks() noexcept {
    return io::now_ns(CLOCK_BOOTTIME) / io::user_hz_tick_nsec();
}

} // namespace

/// Returns the duration in nanoseconds; empty if the processes could not be read.
std::optional<std::int64_t> ProcessSampler::read(std::span<const pid_t> pids) {
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    const ProcessReader::Outcome outcome =
        context_.reader.read(pids, context_.want_io, context_.stats, place_);
    const std::int64_t end_ns = io::now_ns(CLOCK_MONOTONIC);
    context_.budget.spend(end_ns - begin_ns);
    switch (outcome) {
    case ProcessReader::Outcome::answered:
        logged_broken_ = false;
        return end_ns - begin_ns;
    case ProcessReader::Outcome::hung:
        has_hung_ = true;
        again_ns_ = end_ns + hang_pause_ns;
        spdlog::warn("container {}: reading its processes timed out (a process may hang in execve()); "
                     "lxc_process is left out for 5 minutes",
                     container_.name);
        return std::nullopt;
    case ProcessReader::Outcome::broken:
        if (!std::exchange(logged_broken_, true))
            spdlog::warn("container {}: the helper process that reads processes ended; lxc_process is left "
                         "out until it works again",
                         container_.name);
        return std::nullopt;
    case ProcessReader::Outcome::unavailable:
        return std::nullopt;
    }
    return std::nullopt;
}

void ProcessSampler::note_slow(std::int64_t took_nsec) {
    if (took_nsec <= slow_processes_nsec)
        return;
    again_ns_ = io::now_ns(CLOCK_MONOTONIC) + slow_pause_ns;
    if (!std::exchange(logged_slow_, true))
        spdlog::warn("container {}: reading its processes took {} ms; while it stays slow, lxc_process is "
                     "sent once a minute",
                     container_.name, took_nsec / 1'000'000);
}

bool ProcessSampler::scan(std::span<char> buffer) {
    const bool is_first = !totals_;
    if (is_first) {
        if (!read(std::span(&container_.init_pid, 1)))
            return false;
        if (context_.stats.empty())
            return true; // init has ended
        totals_.emplace(context_.stats.front().start_ticks, names_);
    }
    const std::int64_t begin_ticks = now_ticks();
    const bool is_whole =
        list_processes(context_.root_fd, directory_.c_str(), walk_bounds, buffer, context_.pids);
    const auto took_nsec = read(context_.pids);
    if (!took_nsec)
        return false;
    // The first scan may be slow because caches are cold, and --once makes only two scans.
    if (!is_first)
        note_slow(*took_nsec);
    totals_->take(context_.stats, begin_ticks);
    if (!is_whole && !std::exchange(logged_more_, true))
        spdlog::warn("container {}: it has more than {} processes, {} cgroups or {} levels of cgroups; "
                     "lxc_process leaves out the rest",
                     container_.name, walk_bounds.processes, walk_bounds.cgroups, walk_bounds.depth);
    return true;
}

bool ProcessSampler::sample(std::span<char> buffer, std::span<const Tag> tags, std::int64_t time_ns,
                            PointBuffer& points) {
    const bool is_due = io::now_ns(CLOCK_MONOTONIC) >= again_ns_ &&
                        !io::WorkerProcess::is_blocked(place_, part_process_files);
    was_left_out_ = is_due && context_.budget.is_spent();
    if (!is_due || was_left_out_ || !scan(buffer))
        return false;
    if (!totals_)
        return true;
    Readings readings;
    for (const CommandTotals::Entry* entry :
         totals_->top(context_.top_commands, io::now_ns(CLOCK_BOOTTIME))) {
        readings.clear();
        set_command(entry->second, readings);
        const Tag own{"command", entry->first};
        readings.emit(fields_of("lxc_process"), tags, std::span(&own, 1), time_ns, points);
    }
    if (names_.newly_too_many())
        spdlog::warn("container {}: lxc_process has too many different commands; new commands are left out: "
                     "{} have a place, and as many new ones a day, as each adds a series to the database",
                     container_.name, names_.most());
    return true;
}

} // namespace lxcmon::sample
