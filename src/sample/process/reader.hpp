// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/proc_pid.hpp"
#include "io/worker_process.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

/// Processes are read in a child process, because reading the /proc files of a process hangs while it hangs
/// in execve(2). A container can cause that: exec closes a file on a FUSE mount whose server does not answer.
namespace lxcmon::sample {

/// Processes in one request: one datagram each way.
inline constexpr std::size_t max_per_request = 64;

struct ProcessRequest {
    std::uint64_t sequence = 0;
    std::uint32_t count = 0;
    bool want_io = true;
    std::array<pid_t, max_per_request> pids{};
};

/// io::ProcessStats in a message: any bytes are valid values, which those of an optional are not.
struct ProcessEntry {
    pid_t pid = 0;
    std::uint32_t name_bytes = 0;
    std::array<char, io::ProcessStats::most_name_bytes> name{};
    std::int64_t start_ticks = 0, cpu_ticks = 0, threads = 0;
    std::array<std::int64_t, 10> optional_counts{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1}; ///< -1: absent

    [[nodiscard]] static ProcessEntry of(const io::ProcessStats& stats) noexcept;
    [[nodiscard]] io::ProcessStats stats() const noexcept;
};

struct ProcessReply {
    std::uint64_t sequence = 0;
    std::uint32_t count = 0;
    std::array<ProcessEntry, max_per_request> processes{};
};

/// Main function of the child. Exits when the agent has closed its end of `socket`.
[[noreturn]] void run_process_worker(int socket) noexcept;

/// The agent's side. Sampling thread only.
class ProcessReader {
  public:
    /// The child is started by the first read(). `deadline`: for a whole read().
    explicit ProcessReader(std::chrono::milliseconds deadline,
                           io::WorkerProcess::Main worker = &run_process_worker)
        : deadline_(deadline)
        , main_(std::move(worker)) {}

    enum class Outcome : std::uint8_t {
        answered,
        hung,       ///< no answer within the deadline
        broken,     ///< the child ended
        unavailable ///< no child could be started, which app::HelperWatch logs
    };

    /// Reads these processes into `stats`, in the given order, without processes that have ended. `stats` is
    /// incomplete unless Outcome::answered is returned. Restarts the child if it has ended. `subject` has the
    /// processes, for io::WorkerProcess::is_blocked().
    [[nodiscard]] Outcome read(std::span<const pid_t> pids, bool want_io,
                               std::vector<io::ProcessStats>& stats, std::string_view subject = {});

    [[nodiscard]] pid_t pid() const noexcept { return worker_.pid(); } ///< of the child; -1: not running

  private:
    using Clock = std::chrono::steady_clock;
    [[nodiscard]] Outcome ask(std::span<const pid_t> pids, bool want_io, Clock::time_point end);

    std::chrono::milliseconds deadline_;
    io::WorkerProcess::Main main_;
    io::WorkerProcess worker_{"lxcmon-ps"};
    std::uint64_t sequence_ = 0;
    ProcessReply reply_;
};

} // namespace lxcmon::sample
