#pragma once

#include "io/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <span>
#include <vector>

namespace lxcmon::io {

/// A forked child that does what may hang for ever, and is killed then. The parent talks with it over a
/// SOCK_SEQPACKET pair. It dies with the thread that started it. Sampling thread only.
class WorkerProcess {
  public:
    WorkerProcess() = default;
    /// Kills it; the next start() of any worker takes it away where it is not gone at once.
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    /// What the child runs, with its end of the pair; nothing else is open in it. It may be forked
    /// from a threaded process: it must log nothing, and take no lock but malloc's, which glibc makes good.
    using Main = std::function<void(int socket)>;
    /// Where none runs. Throws std::system_error that begins with `what`.
    void start(const char* what, const Main& main);
    /// Until its wait in the kernel ends it stays a zombie.
    void kill() noexcept;
    /// Takes away those of all workers that were killed and have ended.
    static void reap() noexcept;
    /// Those of all workers that were killed and are not yet reaped: nobody counts what they have used.
    [[nodiscard]] static std::span<const pid_t> not_reaped() noexcept { return killed; }

    /// Waits until it has said something, or has ended. False: neither within `deadline`.
    [[nodiscard]] bool wait_for_reply(std::chrono::milliseconds deadline) const noexcept;

    [[nodiscard]] bool is_running() const noexcept { return pid_ > 0; }
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; } ///< -1: does not run

  private:
    UniqueFd socket_;
    pid_t pid_ = -1;
    /// Of all workers, not yet reaped: a killed process outlives its WorkerProcess for a moment, or, in an
    /// uninterruptible wait, until that ends.
    static inline std::vector<pid_t> killed;
};

} // namespace lxcmon::io
