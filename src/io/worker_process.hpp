// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <span>
#include <vector>

namespace lxcmon::io {

/// A forked child for calls that may hang without end; the owner kills it then. Parent and child talk over a
/// SOCK_SEQPACKET pair. The child dies with the thread that started it. Sampling thread only.
///
/// From fork() until the child has closed them, it has copies of all descriptors of the agent, and other
/// threads open and close theirs meanwhile. Code that closes a descriptor must not rely on the effect of the
/// last close: a lock is released with LOCK_UN, a connection ended with shutdown() (docs/decisions/0002).
class WorkerProcess {
  public:
    WorkerProcess() = default;
    /// Kills the child. If it does not end at once, a later start() of any worker reaps it.
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    /// Runs in the child, with the child's end of the pair; no other descriptor is open. The parent may have
    /// threads, so this function must not log, and take no lock except malloc's, which glibc resets in
    /// fork().
    using Main = std::function<void(int socket)>;
    /// Forks the child; none may be running. Throws std::system_error whose text begins with `what`.
    void start(const char* what, const Main& main);
    /// Sends SIGKILL and closes the socket. Does not wait: reap() collects the child later.
    void kill() noexcept;
    /// Reaps killed children of all workers that have ended.
    static void reap() noexcept;
    /// Killed children of all workers that are not yet reaped: their CPU time is not yet in the agent's
    /// RUSAGE_CHILDREN.
    [[nodiscard]] static std::span<const pid_t> not_reaped() noexcept { return killed; }

    /// Waits until the child has sent a message or has ended. False if neither happens within `deadline`.
    [[nodiscard]] bool wait_for_reply(std::chrono::milliseconds deadline) const noexcept;

    [[nodiscard]] bool is_running() const noexcept { return pid_ > 0; }
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; } ///< -1: not running

  private:
    UniqueFd socket_;
    pid_t pid_ = -1;
    /// Of all workers, not yet reaped: a killed process may outlive its WorkerProcess, for a moment or until
    /// an uninterruptible wait ends.
    static inline std::vector<pid_t> killed;
};

} // namespace lxcmon::io
