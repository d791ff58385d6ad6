#pragma once

#include "io/proc_pid.hpp"
#include "model/readings.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace lxcmon::sample {

/// How many names of one start of a container are known at once beside those that run, and how many are ever
/// sent: a process can rename itself at each tick, and each name is a series in the database for ever.
struct CommandBounds {
    std::size_t kept = 1024;
    std::size_t sent = 500;
};

/// What the processes of one start of a container have spent, by command name. The counters of a command
/// never fall: what one of its processes spends between two looks is added to it, and stays there when that
/// process ends or takes another name. Of a process that starts between two looks all is counted, and at the
/// first look all that those have spent which started with or after the container; of one that comes from
/// elsewhere, or was out of sight, only what follows. What a process spends after the last look at it is
/// lost with it. Sampling thread only.
class CommandTotals {
  public:
    /// `container_start_ticks`: of its init, USER_HZ since boot.
    explicit CommandTotals(std::int64_t container_start_ticks, const CommandBounds& bounds = {}) noexcept
        : bounds_(bounds)
        , since_ticks_(container_start_ticks) {}

    /// Takes what a look at all processes gave; `begin_ticks` is when it began. Processes that are not among
    /// them have gone.
    void take(std::span<const io::ProcessStats> processes, std::int64_t begin_ticks);

    struct Command {
        std::int64_t cpu_ticks = 0, read_bytes = 0, write_bytes = 0; ///< counters
        std::int64_t cpu_before = 0;                                 ///< at the look before
        std::int64_t count = 0, threads = 0;                         ///< of those alive
        std::int64_t rss_pages = 0;
        bool has_rss = true, has_io = true; ///< told of each that is alive
        bool is_sent = false;
    };
    using Entry = std::pair<const std::string, Command>;

    /// The commands with the most CPU time since the look before (at the first: in all), of those that run;
    /// of equal ones those with more in all, then by name. Valid until the next take().
    [[nodiscard]] std::span<const Entry* const> top(std::size_t most);

    /// True once, when a command has first been left out of the top because so many names have been sent.
    [[nodiscard]] bool newly_refused() noexcept;

    [[nodiscard]] std::size_t known_commands() const noexcept { return commands_.size(); }
    [[nodiscard]] std::size_t known_processes() const noexcept { return known_.size(); }

  private:
    struct Known {
        std::int64_t start_ticks = 0;
        std::int64_t cpu_ticks = 0;
        std::optional<std::int64_t> read_bytes, write_bytes;
        std::uint64_t scan = 0;
    };
    void add(const io::ProcessStats& process);
    void begin_scan() noexcept;
    Command& command_of(std::string_view name);

    CommandBounds bounds_;
    std::int64_t since_ticks_; ///< of a process that started before this the past is not the container's
    std::uint64_t scan_ = 0;
    std::unordered_map<pid_t, Known> known_;
    std::map<std::string, Command, std::less<>> commands_;
    std::vector<Entry*> ranking_;
    std::vector<const Entry*> top_;
    std::size_t sent_ = 0;
    bool refused_ = false, said_refused_ = false;
};

/// A command's figures; those that would overflow, or could not be read of each process, are left out.
void set_command(const CommandTotals::Command& command, Readings& readings) noexcept;

} // namespace lxcmon::sample
