#pragma once

#include "io/worker_process.hpp"
#include "sample/helper/worker.hpp"

#include <chrono>
#include <functional>
#include <span>
#include <vector>

namespace lxcmon::sample {

/// The agent's side of the helper process, which looks into one container's files after the other. A mount
/// that hangs (FUSE, NFS) hangs the helper and not the agent: after the deadline the helper is killed, a new
/// one goes on with the next container. Sampling thread only, and that thread must be the one that lives
/// longest: the helper dies with it.
class NamespaceHelper {
  public:
    /// What the child runs; another one in tests.
    using Worker = void (*)(int socket, HelperProgress& progress, const WorkerSettings& settings);

    /// Starts the process. Throws std::system_error where that fails.
    explicit NamespaceHelper(std::chrono::milliseconds deadline, WorkerSettings settings = {},
                             Worker worker = &run_namespace_worker);

    struct Request {
        NamespaceRequest ask; ///< its sequence is set here
        int init_pidfd = -1;  ///< borrowed
    };
    enum class Outcome {
        answered, ///< the reply counts, and may say itself that init has ended
        hung,     ///< no answer within the deadline: hang() says where
        broken    ///< the helper ended, or could not be started
    };
    /// Returns whether to go on with the next one.
    template <typename Reply>
    using OnReply = std::function<bool(std::size_t index, Outcome outcome, const Reply& reply)>;

    /// `reply` counts with Outcome::answered.
    [[nodiscard]] Outcome scan_processes(const Request& request, CountReply& reply);
    /// Makes these looks, calling `on_reply` for each, in order, until it wants no more. A container's
    /// deadline runs from the moment that the one before it was done.
    void scan_filesystems(std::span<const Request> requests, const OnReply<FilesystemReply>& on_reply);

    /// After Outcome::hung.
    [[nodiscard]] const HangPlace& hang() const noexcept { return hang_; }
    [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }

  private:
    void start();
    template <typename Reply>
    void run(std::span<const Request> requests, Reply& reply, const OnReply<Reply>& on_reply);
    [[nodiscard]] Outcome send_up_to(std::span<const Request> requests, std::size_t done, std::size_t& sent);
    [[nodiscard]] bool send(const Request& request, std::uint64_t sequence) noexcept;
    template <typename Reply>
    [[nodiscard]] Outcome receive(std::uint64_t sequence, Reply& reply) noexcept;

    std::chrono::milliseconds deadline_;
    WorkerSettings settings_;
    Worker worker_;
    HelperProgress::Shared progress_;
    io::WorkerProcess process_;
    std::uint64_t sequence_ = 1;
    FilesystemReply filesystems_;
    HangPlace hang_;
};

} // namespace lxcmon::sample
