#pragma once

#include "model/readings.hpp"
#include "sample/cgroup_processes.hpp"
#include "sample/container_files.hpp"
#include "sample/process_stat.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lxcmon::sample {

/// What the processes of one command did: lxc_process.
struct CommandFigures {
    // Of those that live now.
    std::int64_t count = 0, threads = 0, rss_bytes = 0;
    // Counters that never go back: those that have ended are in them, with what they had done when last seen.
    std::int64_t cpu_usec = 0;
    std::optional<ProcessIo> io = ProcessIo{}; ///< none once it could not be read of one of them
    std::int64_t recent_cpu_usec = 0;          ///< since the sample before; at the first one, in all
};

/// Sums by command over the samples of one start of a container. A process counts with all that it has done
/// since it began, also before it was first seen; what it did under another command stays there.
class CommandSums {
  public:
    /// `most` commands are kept; others, beyond them, are left out: a tenant can make up a new one each tick.
    explicit CommandSums(std::size_t most)
        : most_(most) {}

    void begin();
    /// A process that is there now. `io`: nothing where it can't be read.
    void add(pid_t pid, const ProcessStat& stat, const std::optional<ProcessIo>& io);
    /// Forgets the processes that were not added for some rounds.
    void end();

    using Item = std::pair<std::string_view, const CommandFigures*>;
    /// The `count` commands with living processes that took the most CPU lately, then in all, then by name.
    /// Valid until begin().
    [[nodiscard]] std::span<const Item> busiest(std::size_t count);
    [[nodiscard]] bool is_full() const noexcept { return is_full_; }

  private:
    struct Seen {
        std::int64_t start_ticks = 0, cpu_usec = 0;
        std::optional<ProcessIo> io;
        std::uint64_t round = 0;
    };
    CommandFigures* figures_of(std::string_view command);

    std::size_t most_;
    bool is_full_ = false;
    std::uint64_t round_ = 0;
    std::map<pid_t, Seen> processes_;
    std::map<std::string, CommandFigures, std::less<>> commands_;
    std::vector<Item> order_;
};

/// lxc_process of one container: its busiest commands. Off by default, as it costs two files a process.
/// Sampling thread only.
class ProcessSampler {
  public:
    /// `top`: how many commands get a point. `who` begins the lines of the log.
    ProcessSampler(const ContainerFiles& files, std::size_t top, std::string who);

    /// Adds the points. Processes that end meanwhile are passed over.
    void sample(std::span<char> buffer, std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points);

  private:
    void read_process(pid_t pid, std::span<char> buffer);

    int root_fd_;
    std::size_t top_;
    std::string who_;
    std::string directory_; ///< empty: the container has no cgroup of its own
    CgroupProcesses found_;
    CommandSums sums_;
    bool said_cut_ = false, said_full_ = false;
};

} // namespace lxcmon::sample
