// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/lxc_clients.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

namespace lxcmon::discover {
namespace {

using Clock = LxcClient::Clock;

/// Longer than the time between two lists of a user's lxcpath.
constexpr std::chrono::seconds idle_most{10};
/// A killed process ends within a few milliseconds, unless it waits for the kernel.
constexpr std::chrono::milliseconds end_check{5};
constexpr int overdue_deadlines = 10;
constexpr const char* invalid_answer = "the process that asks liblxc returns an invalid answer";

/// True until a killed process has been reaped; its pid may be another process's from then on.
bool exists(pid_t pid) noexcept {
    const auto& killed = io::WorkerProcess::not_reaped();
    return std::ranges::find(killed, pid, &io::UnreapedWorker::pid) != killed.end();
}

} // namespace

void LxcClient::ask(LxcQuestion question, LxcUrgency urgency) {
    if (queue_.empty())
        waits_since_ = Clock::now();
    if (urgency == LxcUrgency::next)
        queue_.push_front(std::move(question));
    else
        (urgency == LxcUrgency::last ? last_ : queue_).push_back(std::move(question));
}

std::optional<LxcAnswer> LxcClient::step() {
    if (asked_ == 0 && is_busy())
        if (auto failed = start_next())
            return failed;
    return asked_ != 0 ? receive() : std::nullopt;
}

void LxcClient::kill() noexcept {
    if (process_.is_running()) {
        killed_ = process_.pid();
        killed_at_ = Clock::now();
    }
    process_.kill();
}

LxcAnswer LxcClient::give_up(const std::string& fault) {
    LxcAnswer answer;
    answer.number = asked_;
    answer.trouble = LxcTrouble::broken;
    answer.fault = fault;
    asked_ = 0;
    kill();
    return answer;
}

/// Returns an answer only if the question can't be sent.
std::optional<LxcAnswer> LxcClient::start_next() {
    const Clock::time_point now = Clock::now();
    std::deque<LxcQuestion>& queue = queue_.empty() ? last_ : queue_;
    if (queue.front().ask == LxcAsk::defaults)
        kill(); // liblxc reads lxc.conf once in a process
    if (!process_.is_running()) {
        io::WorkerProcess::reap();
        if (exists(killed_) && now - killed_at_ < deadline_) {
            due_ = now + end_check;
            return std::nullopt;
        }
    }
    const LxcQuestion question = std::move(queue.front());
    queue.pop_front();
    if (queue_.empty())
        waits_since_ = now;
    asked_ = question.number;
    pieces_.clear();
    due_ = now + deadline_;
    const std::string message = encode(question);
    const auto is_sent = [&] {
        return ::send(process_.socket(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
               static_cast<ssize_t>(message.size());
    };
    if (process_.is_running() && is_sent())
        return std::nullopt;
    kill(); // it has ended
    if (exists(killed_) && now - killed_at_ >= deadline_)
        return give_up(
            "the last process that asked liblxc can't be ended: check for a filesystem that hangs");
    try {
        process_.start("starting the process that asks liblxc", worker_);
    } catch (const std::system_error& error) {
        return give_up(error.what());
    }
    return is_sent() ? std::nullopt : std::optional(give_up("the process that asks liblxc has ended"));
}

std::optional<LxcAnswer> LxcClient::receive() {
    std::array<char, piece_bytes_most> piece{};
    ssize_t length = 0;
    while ((length = ::recv(process_.socket(), piece.data(), piece.size(), MSG_DONTWAIT)) > 0) {
        const auto state = pieces_.add({piece.data(), static_cast<std::size_t>(length)});
        if (state == AnswerPieces::State::more)
            continue;
        if (state == AnswerPieces::State::too_much)
            return give_up("liblxc returns too much");
        auto answer = state == AnswerPieces::State::whole ? decode_answer(pieces_.text()) : std::nullopt;
        if (!answer || answer->number != asked_)
            return give_up(invalid_answer);
        asked_ = 0;
        due_ = Clock::now();
        return answer;
    }
    // ECONNRESET comes if the process ended with an unread question.
    if (length == 0 || (errno != EAGAIN && errno != EINTR))
        return give_up("liblxc crashed: check the configuration and its includes");
    if (Clock::now() < due_)
        return std::nullopt;
    return give_up("liblxc does not return within " + std::to_string(deadline_.count()) +
                   " ms: check the configuration, its includes and the monitor [lxc monitor]");
}

void LxcClient::end_if_idle() {
    if (process_.is_running() && !is_busy() && Clock::now() - due_ > idle_most)
        kill();
}

std::size_t LxcClient::overdue() const noexcept {
    return Clock::now() - waits_since_ > overdue_deadlines * deadline_ ? queue_.size() : 0;
}

std::uint64_t LxcClients::ask(const LxcOwner& owner, LxcQuestion question, LxcUrgency urgency) {
    const bool of_init = owner.uid != 0 && question.ask == LxcAsk::init;
    const LxcOwner rights = of_init ? LxcOwner{} : owner; // only root can look at any process
    const auto worker = [rights](int socket) { run_lxc_worker(socket, rights); };
    question.number = ++last_number_;
    by_owner_
        .try_emplace(Key(owner.uid, of_init), worker,
                     of_init ? init_worker_name(owner) : lxc_worker_name(owner), settings_.deadline)
        .first->second.ask(std::move(question), urgency);
    return last_number_;
}

std::optional<LxcAnswer> LxcClients::next(Clock::time_point end) {
    for (;;) {
        for (auto& [key, client] : by_owner_)
            if (auto answer = client.step())
                return answer;
        if (!is_busy() || Clock::now() >= end)
            return std::nullopt;
        wait(end);
    }
}

void LxcClients::wait(Clock::time_point end) {
    std::vector<pollfd> polls;
    for (const auto& [key, client] : by_owner_)
        if (client.is_busy()) {
            polls.push_back({client.socket(), POLLIN, 0}); // ignores -1
            end = std::min(end, client.due());
        }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    ::poll(polls.data(), polls.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
}

bool LxcClients::is_busy() const noexcept {
    return std::ranges::any_of(by_owner_, [](const auto& item) { return item.second.is_busy(); });
}

void LxcClients::end_idle() {
    for (auto& [key, client] : by_owner_)
        client.end_if_idle();
}

pid_t LxcClients::pid_for(uid_t uid) const noexcept {
    const auto at = by_owner_.find(Key(uid, false));
    return at != by_owner_.end() ? at->second.pid() : -1;
}

void LxcClients::report_overdue() {
    const auto at = by_owner_.find(Key(0, false));
    const std::size_t overdue = at != by_owner_.end() ? at->second.overdue() : 0;
    if (std::exchange(is_overdue_, overdue != 0) == is_overdue_)
        return;
    if (is_overdue_)
        spdlog::warn("the process that asks liblxc about root's containers is behind by {} questions: "
                     "containers that start are seen late; check for hung processes [lxc monitor] and for "
                     "configurations on a filesystem that hangs",
                     overdue);
    else
        spdlog::info("the process that asks liblxc about root's containers is no longer behind");
}

} // namespace lxcmon::discover
