#pragma once

#include "io/proc_pid.hpp"
#include "io/worker_process.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

/// Processes are read in a child, for the sake of one in a container that hangs in execve(2), say because a
/// file that exec closes is on a FUSE mount whose server does not answer: reading its /proc files hangs, too.
namespace lxcmon::sample {

/// Processes asked for at once: one datagram each way.
inline constexpr std::size_t most_asked = 64;

struct ProcessRequest {
    std::uint64_t sequence = 0;
    std::uint32_t count = 0;
    bool want_io = true;
    std::array<pid_t, most_asked> pids{};
};

struct ProcessReply {
    std::uint64_t sequence = 0;
    std::uint32_t count = 0;
    std::array<io::ProcessStats, most_asked> processes{};
};

/// What the child runs; ends with the process when the agent is gone.
[[noreturn]] void run_process_worker(int socket) noexcept;

/// The agent's side. Sampling thread only.
class ProcessReader {
  public:
    /// The child is started when it is first needed. `deadline`: for all processes of a read().
    explicit ProcessReader(std::chrono::milliseconds deadline,
                           io::WorkerProcess::Main worker = &run_process_worker)
        : deadline_(deadline)
        , main_(std::move(worker)) {}

    enum class Outcome : std::uint8_t {
        answered,
        hung,  ///< no answer within the deadline
        broken ///< the child ended, or could not be started
    };

    /// Reads these processes into `figures`, in their order, those that have ended left out. Unless answered
    /// there may be only some of them.
    [[nodiscard]] Outcome read(std::span<const pid_t> pids, bool want_io,
                               std::vector<io::ProcessStats>& stats);

    [[nodiscard]] pid_t pid() const noexcept { return worker_.pid(); } ///< the child's; -1: none

  private:
    using Clock = std::chrono::steady_clock;
    [[nodiscard]] Outcome ask(std::span<const pid_t> pids, bool want_io, Clock::time_point end);

    std::chrono::milliseconds deadline_;
    io::WorkerProcess::Main main_;
    io::WorkerProcess worker_;
    std::uint64_t sequence_ = 0;
    ProcessReply reply_;
};

} // namespace lxcmon::sample
