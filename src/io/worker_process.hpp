// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lxcmon::io {

/// A killed worker that has not been reaped. It may stay so for long: a process that waits for a FUSE server
/// which has taken its request, for example, can't be ended.
struct UnreapedWorker {
    pid_t pid = -1;
    std::string kind;       ///< see WorkerProcess()
    std::string subject;    ///< such as the container that it worked on; empty: none
    std::uint64_t part = 0; ///< of the subject; the owner of the worker defines it
    std::chrono::steady_clock::time_point killed_at{};
    UniqueFd earlier{}; ///< pidfd of a worker of an earlier run, which is no child of this process
    bool is_released = false;
};

/// A forked child for calls that may hang without end; the owner kills it then. Parent and child talk over a
/// SOCK_SEQPACKET pair. The child dies with the thread that started it. Sampling thread only.
///
/// Workers that can't be ended do not pile up: at most `most_of_kind` of a kind, at most `most_of_subject` at
/// a subject, and none at a part of a subject that still has one (is_blocked()).
///
/// From fork() until the child has closed them, it has copies of all descriptors of the agent. Code that
/// closes a descriptor must not rely on the effect of the last close: a lock is released with LOCK_UN. See
/// docs/decisions/0002-helper-process-and-deadlines.md.
class WorkerProcess {
  public:
    static constexpr std::size_t most_of_kind = 16;
    static constexpr std::size_t most_of_subject = 2;

    /// `kind` is the name of the process (at most 15 bytes are used), and begins with "lxcmon-". Workers that
    /// different users can make hang need kinds of their own.
    explicit WorkerProcess(std::string kind = "lxcmon-worker") noexcept
        : kind_(std::move(kind)) {}
    /// Kills the child. If it does not end at once, a later start() of any worker reaps it.
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    /// Runs in the child, with the child's end of the pair; no other descriptor is open. The parent may have
    /// threads, so this function must not log, and take no lock except malloc's, which glibc resets in
    /// fork().
    using Main = std::function<void(int socket)>;
    /// Forks the child; none may be running. Throws std::system_error whose text begins with `what`, also if
    /// most_of_kind killed workers of this kind have not ended, and for a second after fork() has failed.
    void start(const char* what, const Main& main);
    /// Sends SIGKILL and closes the socket. Does not wait: reap() collects the child later. Returns the entry
    /// for the caller to add the subject and part, valid until the next reap(); nullptr if none was running.
    UnreapedWorker* kill() noexcept;
    /// Reaps killed children of all workers that have ended, and frees the memory of workers that do not end.
    static void reap() noexcept;
    /// Killed children of all workers that are not yet reaped: their CPU time is not yet in the agent's
    /// RUSAGE_CHILDREN.
    [[nodiscard]] static const std::list<UnreapedWorker>& not_reaped() noexcept { return killed; }
    /// Whether no worker may be sent to this part of the subject, as one that was killed there has not ended.
    [[nodiscard]] static bool is_blocked(std::string_view subject, std::uint64_t part) noexcept;

    /// Pids of all workers that were started and not killed.
    [[nodiscard]] static std::span<const pid_t> running() noexcept { return running_pids; }

    /// Finds workers that an earlier run of the program in this cgroup left, since they can't be ended. They
    /// count as not reaped from now on. Reads all of /proc.
    static void find_earlier();
    /// Why the last start() failed, by kind, until one succeeds.
    [[nodiscard]] static const std::map<std::string, std::string, std::less<>>& start_failures() noexcept {
        return failures;
    }

    /// Waits until the child has sent a message or has ended. False if neither happens within `deadline`.
    [[nodiscard]] bool wait_for_reply(std::chrono::milliseconds deadline) const noexcept;

    [[nodiscard]] bool is_running() const noexcept { return pid() > 0; }
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }
    [[nodiscard]] pid_t pid() const noexcept { return running_.empty() ? -1 : running_.front().pid; }

  private:
    void fork_child(const char* what, const Main& main);

    std::string kind_;
    UniqueFd socket_;
    std::list<UnreapedWorker> running_; ///< one entry at most; kill() moves it without an allocation
    std::chrono::steady_clock::time_point again_{};
    /// Of all workers, not yet reaped: a killed process may outlive its WorkerProcess, for a moment or until
    /// an uninterruptible wait ends.
    static inline std::list<UnreapedWorker> killed;
    static inline std::vector<pid_t> running_pids;
    static inline std::map<std::string, std::string, std::less<>> failures;
};

} // namespace lxcmon::io
