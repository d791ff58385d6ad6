// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/worker_process.hpp"
#include "sample/helper/worker.hpp"

#include <chrono>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// The agent's side of the helper process, which reads the files of one container after the other. A mount
/// that hangs (FUSE, NFS) hangs the helper and not the agent: after the deadline the helper is killed, and a
/// new one goes on with the next container. Sampling thread only. The helper is killed when that thread ends,
/// so it must be the last thread.
class NamespaceHelper {
  public:
    /// Main function of the child; tests replace it.
    using Worker = void (*)(int socket, HelperProgress& progress, const WorkerSettings& settings);

    /// Tries to start the process; each request tries it again. Throws std::system_error if there is no
    /// memory. `deadline`: for each request.
    explicit NamespaceHelper(std::chrono::milliseconds deadline, WorkerSettings settings = {},
                             Worker worker = &run_namespace_worker);

    struct Request {
        NamespaceRequest ask; ///< without its sequence, which is set when it is sent
        int init_pidfd = -1;  ///< borrowed
        /// What is scanned, for io::WorkerProcess::is_blocked(); borrowed.
        std::string_view subject{};
    };
    enum class Outcome {
        answered,   ///< the reply is valid; its error may be ESRCH, if init has ended
        hung,       ///< no answer within the deadline; see hang()
        broken,     ///< the helper ended
        unavailable ///< no helper could be started, which app::HelperWatch logs
    };
    /// Returns whether to go on with the next request.
    template <typename Reply>
    using OnReply = std::function<bool(std::size_t index, Outcome outcome, const Reply& reply)>;

    /// `reply` is valid for Outcome::answered only.
    [[nodiscard]] Outcome scan_processes(const Request& request, CountReply& reply);
    /// Runs these scans and calls `on_reply` for each, in order, until it returns false. The deadline of a
    /// request starts when the previous request is done.
    void scan_filesystems(std::span<const Request> requests, const OnReply<FilesystemReply>& on_reply);

    /// The place of the last Outcome::hung.
    [[nodiscard]] const HangPlace& hang() const noexcept { return hang_; }
    [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }

  private:
    void start();
    /// Kills the helper, which has not answered these requests; the first has this sequence number.
    void kill(std::span<const Request> unanswered, std::uint64_t sequence);
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
    io::WorkerProcess process_{"lxcmon-ns"};
    std::uint64_t sequence_ = 1;
    FilesystemReply filesystems_;
    HangPlace hang_;
};

} // namespace lxcmon::sample
