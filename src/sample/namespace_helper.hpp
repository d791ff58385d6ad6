#pragma once

#include "io/unique_fd.hpp"
#include "sample/namespace_worker.hpp"

#include <chrono>
#include <functional>
#include <span>
#include <vector>

namespace lxcmon::sample {

/// The agent's side of the helper process, which joins one container's namespaces after the other. A mount
/// that hangs (FUSE, NFS) hangs the helper and not the agent: after the deadline the helper is killed, a new
/// one goes on with the next container. Sampling thread only, and that thread must be the one that lives
/// longest: the helper dies with it.
class NamespaceHelper {
  public:
    /// What the child runs; another one in tests.
    using Worker = void (*)(int socket);

    /// Starts the process. Throws std::system_error where that fails.
    explicit NamespaceHelper(std::chrono::milliseconds deadline, Worker worker = &run_namespace_worker);
    ~NamespaceHelper();
    NamespaceHelper(const NamespaceHelper&) = delete;
    NamespaceHelper& operator=(const NamespaceHelper&) = delete;

    struct Request {
        pid_t init_pid = 0;
        int init_pidfd = -1; ///< borrowed
        bool want_filesystem = true;
        std::uint64_t known_root_device = 0;
    };
    enum class Outcome {
        answered, ///< the reply counts, and may say itself that joining failed
        hung,     ///< no answer within the deadline
        broken    ///< the helper ended, or could not be started
    };
    using OnReply = std::function<void(std::size_t index, Outcome outcome, const NamespaceReply& reply)>;

    /// Samples all of `requests`, calling `on_reply` once for each, in order. A container's deadline runs
    /// from the moment that the one before it was done.
    void run(std::span<const Request> requests, const OnReply& on_reply);

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  private:
    void start();
    void end_worker() noexcept;
    void reap() noexcept;
    [[nodiscard]] bool send(const Request& request, std::uint64_t sequence) noexcept;
    [[nodiscard]] Outcome receive(std::uint64_t sequence) noexcept;

    std::chrono::milliseconds deadline_;
    Worker worker_;
    io::UniqueFd socket_;
    pid_t pid_ = -1;
    std::vector<pid_t> killed_; ///< not yet reaped: a process in an uninterruptible wait dies when that ends
    std::uint64_t sequence_ = 0;
    NamespaceReply reply_;
};

} // namespace lxcmon::sample
