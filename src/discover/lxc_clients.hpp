// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/lxc_protocol.hpp"
#include "discover/lxc_worker.hpp"
#include "discover/settings.hpp"
#include "io/worker_process.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace lxcmon::discover {

enum class LxcUrgency {
    next,   ///< before all others
    normal, ///< in turn
    last    ///< it may hang
};

/// The agent's side of the process that asks liblxc for one owner (run_lxc_worker()). The process gets one
/// question at a time. If it hangs or crashes, it is killed and replaced, and the question counts as
/// answered. It is started for the first question, and ends when there has been none for a while. No process
/// follows one that can't be ended. Sampling thread only.
class LxcClient {
  public:
    using Clock = std::chrono::steady_clock;
    using Worker = std::function<void(int socket)>;

    /// `kind`: see io::WorkerProcess.
    LxcClient(Worker worker, std::string kind, std::chrono::milliseconds deadline)
        : worker_(std::move(worker))
        , deadline_(deadline)
        , process_(std::move(kind)) {}

    void ask(LxcQuestion question, LxcUrgency urgency);
    /// Sends the next question if none is on its way, and takes its answer if there is one. Does not wait.
    [[nodiscard]] std::optional<LxcAnswer> step();
    [[nodiscard]] bool is_busy() const noexcept { return asked_ != 0 || !queue_.empty() || !last_.empty(); }
    /// Ends the process after a time without questions.
    void end_if_idle();
    /// Number of questions if these, without LxcUrgency::last, have waited for ten deadlines; otherwise 0.
    [[nodiscard]] std::size_t overdue() const noexcept;

    /// While busy: when to call step() if the socket has nothing to read.
    [[nodiscard]] Clock::time_point due() const noexcept { return due_; }
    [[nodiscard]] int socket() const noexcept { return process_.socket(); } ///< -1: no process
    [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }     ///< -1: no process

  private:
    [[nodiscard]] std::optional<LxcAnswer> start_next();
    [[nodiscard]] std::optional<LxcAnswer> receive();
    [[nodiscard]] LxcAnswer give_up(const std::string& fault);
    void kill() noexcept;

    Worker worker_;
    std::chrono::milliseconds deadline_;
    io::WorkerProcess process_;
    pid_t killed_ = -1; ///< the last process, until it is reaped
    std::deque<LxcQuestion> queue_;
    std::deque<LxcQuestion> last_;    ///< LxcUrgency::last
    Clock::time_point waits_since_{}; ///< when queue_ was empty for the last time
    std::uint64_t asked_ = 0;         ///< number of the question on its way; 0: none
    AnswerPieces pieces_;             ///< of its answer
    Clock::time_point due_{};
    Clock::time_point killed_at_{};
};

/// An LxcClient for each owner of an lxcpath; for each user a second one, with the agent's rights, for
/// LxcAsk::init: a user's process can hang the process that looks at it. No user's question waits for
/// another user's, and none of root's for a user's.
class LxcClients {
  public:
    explicit LxcClients(LiblxcSettings settings)
        : settings_(settings) {}

    /// Returns the number of the question, never 0.
    std::uint64_t ask(const LxcOwner& owner, LxcQuestion question, LxcUrgency urgency);
    /// The next answer of any process. Waits for it until `end` while a question is open.
    [[nodiscard]] std::optional<LxcAnswer> next(LxcClient::Clock::time_point end);
    [[nodiscard]] bool is_busy() const noexcept;
    void end_idle();
    /// The process for an owner; -1: none.
    [[nodiscard]] pid_t pid_for(uid_t uid) const noexcept;
    /// Logs when root's process is overdue, and when it is not any more.
    void report_overdue();

  private:
    void wait(LxcClient::Clock::time_point end);

    LiblxcSettings settings_;
    using Key = std::pair<uid_t, bool>; ///< owner of the lxcpath, and whether for LxcAsk::init of a user's
    std::map<Key, LxcClient> by_owner_;
    std::uint64_t last_number_ = 0;
    bool is_overdue_ = false;
};

} // namespace lxcmon::discover
