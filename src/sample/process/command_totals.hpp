// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/proc_pid.hpp"
#include "model/readings.hpp"
#include "sample/guard/series_names.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace lxcmon::sample {

/// Resource use of the processes of one start of a container, by command name (a clean name, see
/// text::clean_name()). The counters of a command
/// never fall: the use of a process between two scans is added to its command, and stays there when the
/// process ends or changes its name. The use before the first scan of a process counts only if the process
/// started in the container: with or after it, or since the previous scan. For a process that came from
/// elsewhere, or was missing from a scan, counting starts at 0. The use after the last scan of a process is
/// lost. Sampling thread only.
class CommandTotals {
  public:
    /// Commands in memory before commands without a process and without a place in `names` are dropped.
    static constexpr std::size_t usual_most_kept = 1024;

    /// `container_start_ticks`: start time of init, in USER_HZ ticks since boot. `names`, borrowed, limits
    /// the commands that are sent: a process can rename itself at each tick.
    CommandTotals(std::int64_t container_start_ticks, SeriesNames& names,
                  std::size_t most_kept = usual_most_kept) noexcept
        : names_(names)
        , most_kept_(most_kept)
        , since_ticks_(container_start_ticks) {}

    /// Takes the result of a scan of all processes that began at `begin_ticks` (USER_HZ since boot).
    /// Processes missing from `processes` have ended.
    void take(std::span<const io::ProcessStats> processes, std::int64_t begin_ticks);

    struct Command {
        std::int64_t cpu_ticks = 0, read_bytes = 0, write_bytes = 0;  ///< counters
        std::int64_t read_syscalls = 0, write_syscalls = 0;           ///< counters
        std::int64_t read_syscall_bytes = 0, write_syscall_bytes = 0; ///< counters
        std::int64_t cpu_before = 0;                                  ///< `cpu_ticks` at the previous scan
        std::int64_t count = 0, threads = 0;                          ///< of the running processes
        std::int64_t rss_pages = 0, shared_pages = 0, text_pages = 0, data_pages = 0;
        bool has_memory = true, has_io = true; ///< known for every running process
    };
    using Entry = std::pair<const std::string, Command>;

    /// The running commands with the most CPU time since the previous scan (after the first scan: in total),
    /// then with the most in total, then by name; without commands that find no place in the names. Valid
    /// until the next take().
    [[nodiscard]] std::span<const Entry* const> top(std::size_t max_count, std::int64_t now_ns);

    [[nodiscard]] std::size_t known_commands() const noexcept { return commands_.size(); }
    [[nodiscard]] std::size_t known_processes() const noexcept { return known_.size(); }

  private:
    struct Known {
        std::int64_t start_ticks = 0;
        std::int64_t cpu_ticks = 0;
        io::ProcessIo counters{};
        std::uint64_t scan = 0;
    };
    void add(const io::ProcessStats& process);
    void begin_scan() noexcept;
    Command& command_of(std::string_view name);

    SeriesNames& names_;
    std::size_t most_kept_;
    std::int64_t since_ticks_; ///< the past of a process that started earlier does not count
    std::uint64_t scan_ = 0;
    std::unordered_map<pid_t, Known> known_;
    std::map<std::string, Command, std::less<>> commands_;
    std::vector<Entry*> ranking_;
    std::vector<const Entry*> top_;
    std::string buffer_; ///< for clean names
};

/// True if a field of lxc_process is sent that comes from /proc/PID/io.
[[nodiscard]] bool wants_io(const Selection& selection) noexcept;

/// Sets the fields of lxc_process. Values that overflow, or that are unknown for one of the processes, are
/// left out.
void set_command(const CommandTotals::Command& command, Readings& readings) noexcept;

} // namespace lxcmon::sample
