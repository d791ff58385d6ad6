#pragma once

#include "io/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <vector>

namespace lxcmon::sample {

/// A forked child that does what may hang for ever, and is killed then. The parent talks with it over a
/// SOCK_SEQPACKET pair. It dies with the thread that started it.
class WorkerProcess {
  public:
    /// What the child runs, with its end of the pair; nothing else but stderr is open in it. It may be forked
    /// from a threaded process: it must log nothing, and take no lock but malloc's.
    using Main = void (*)(int socket);

    explicit WorkerProcess(Main main) noexcept
        : main_(main) {}
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    /// Starts it where it does not run; returns whether it does now.
    [[nodiscard]] bool ensure_running() noexcept;
    /// Kills it. Until its wait in the kernel ends it stays a zombie, which ensure_running() takes away
    /// later.
    void kill() noexcept;

    /// Waits until it has said something, or has ended. False: neither within `deadline`.
    [[nodiscard]] bool wait_for_reply(std::chrono::milliseconds deadline) const noexcept;

    [[nodiscard]] int socket() const noexcept { return socket_.get(); }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; } ///< -1: does not run

  private:
    Main main_;
    io::UniqueFd socket_;
    pid_t pid_ = -1;
    std::vector<pid_t> killed_; ///< not yet reaped
};

} // namespace lxcmon::sample
