// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/sender.hpp"

#include "io/signals_blocked.hpp"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace lxcmon::deliver {

namespace {

/// Only lines above a proxy's limit are left, or the proxy takes nothing.
bool is_proxy_limit(const Step& step) noexcept {
    return step.outcome == Outcome::limited && step.wait.count() != 0;
}

/// The search for refused lines goes on after a wait: nothing fails.
bool is_pause_of_search(const Step& step) noexcept {
    return step.outcome == Outcome::partial && step.wait.count() != 0;
}

} // namespace

Sender::Sender(Queue& queue, Sink& sink, DeliverySettings settings)
    : queue_(queue)
    , sink_(sink)
    , delivery_(sink, counters_, settings)
    , backlog_(sink, counters_, std::move(settings), " (backlog)") {}

Sender::~Sender() {
    stop(std::chrono::milliseconds(0));
}

void Sender::start() {
    const io::SignalsBlocked blocked;
    thread_ = std::thread(&Sender::run, this);
}

std::size_t Sender::stop(std::chrono::milliseconds grace) {
    if (thread_.joinable()) {
        const auto end = Clock::now() + grace;
        sink_.set_deadline(end);
        {
            const std::lock_guard lock(mutex_);
            end_ = end;
        }
        stopped_.notify_all();
        queue_.close();
        thread_.join();
    }
    return queue_.lines();
}

Sender::Drained Sender::drain(std::chrono::milliseconds limit, unsigned tries) {
    const auto end = Clock::now() + limit;
    sink_.set_deadline(end);
    {
        const std::lock_guard lock(mutex_);
        end_ = end;
    }
    most_tries_ = tries;
    last_message_.clear();
    bool good = true;
    while (good && has_time()) {
        const Batch* batch = queue_.begin();
        if (batch == nullptr)
            break;
        good = deliver(*batch) == Fate::done;
    }
    const std::size_t left = queue_.lines();
    if (left == 0)
        return {};
    return {left, last_message_.empty() ? std::string("no time is left") : last_message_};
}

DeliveryTotals Sender::counts() const {
    return {counters_.delivered_points, counters_.rejected_points, queue_.dropped_lines(),
            counters_.retries,          counters_.last_status,     counters_.delivered_at};
}

std::string Sender::trouble() const {
    const std::string trouble = delivery_.trouble();
    return trouble.empty() ? backlog_.trouble() : trouble;
}

void Sender::run() {
    for (Fate fate = Fate::done; fate != Fate::given_up;) {
        try {
            fate = deliver_next();
        } catch (const std::exception& failure) { // out of memory, most likely
            spdlog::error("sending: {}", failure.what());
            put_back();
            if (!pause(std::chrono::seconds(1)))
                break;
        }
    }
    leave_backlog();
}

/// An exception that leaves run() would end the process. What is decided is not sent again.
void Sender::put_back() noexcept {
    try {
        if (!delivery_.done())
            keep_undecided();
    } catch (const std::exception&) {
        // No memory for the rest: the whole batch is sent again.
    }
    delivery_.abandon();
    try {
        queue_.keep_any();
    } catch (const std::exception&) { // out of memory
        // The batch is no longer in flight, and stays in the queue.
    }
}

/// Puts the live batch in flight back into the queue, without the lines that are decided.
void Sender::keep_undecided(std::chrono::milliseconds wait) {
    if (delivery_.is_partly_decided())
        queue_.keep_rest(delivery_.rest(), wait);
    else
        queue_.keep();
    delivery_.abandon();
}

/// At the end: the spool must not have the decided lines of the backlog's batch.
void Sender::leave_backlog() noexcept {
    try {
        if (backlog_.is_partly_decided() && queue_.begin_backlog(backlog_number_))
            queue_.keep_rest(backlog_.rest());
    } catch (const std::exception& failure) {
        spdlog::warn("stopping: {}; a batch of the backlog is sent again at the next start", failure.what());
    }
    backlog_.abandon();
}

/// Fate::given_up if the sender must end, or the closed queue is empty.
Sender::Fate Sender::deliver_next() {
    const Batch* const batch = queue_.begin(Clock::time_point::max());
    if (batch == nullptr)
        return Fate::given_up;
    if (const std::uint64_t number = queue_.backlog_number(); number != 0) {
        deliver_backlog(*batch, number);
        return has_time() ? Fate::done : Fate::given_up;
    }
    const Fate fate = deliver(*batch);
    return has_time() ? fate : Fate::given_up;
}

/// One step at a time, so that live batches go in between.
void Sender::deliver_backlog(const Batch& batch, std::uint64_t number) {
    if (std::exchange(backlog_number_, number) != number || backlog_.done()) {
        backlog_.abandon();
        backlog_.begin(batch);
    }
    const Step step = backlog_.step();
    if (backlog_.done()) {
        queue_.accept();
    } else if (is_proxy_limit(step)) {
        // These lines must not hold up what follows. If the proxy takes nothing else of it, it may take
        // nothing.
        queue_.put_off_backlog(backlog_.rest(),
                               backlog_.is_partly_decided() ? std::chrono::milliseconds(0) : step.wait);
        backlog_.abandon();
    } else {
        queue_.keep(step.wait);
    }
}

/// Delivers the batch in flight, or puts it back: because the sender gives up, or another batch may go first.
Sender::Fate Sender::deliver(const Batch& batch) {
    unsigned failed = 0;
    delivery_.begin(batch);
    while (!delivery_.done()) {
        const Step step = delivery_.step();
        if (may_spool_rest(step)) {
            keep_undecided(step.wait);
            return Fate::kept;
        }
        bool go_on = false;
        if (step.wait.count() == 0) {
            // Halving continues at once, but not after the end.
            failed = step.outcome == Outcome::delivered || step.outcome == Outcome::partial ? 0 : failed;
            go_on = has_time() || delivery_.done();
        } else if (last_message_ = step.message; is_pause_of_search(step)) {
            failed = 0;
            go_on = pause(step.wait);
        } else {
            queue_.set_failing();
            const bool hopeless =
                most_tries_ != 0 && (++failed >= most_tries_ || step.outcome == Outcome::settings ||
                                     step.outcome == Outcome::limited);
            go_on = !hopeless && pause(step.wait);
        }
        // After a failure the newest batch goes first; this one is in the spool by now.
        const bool choose_anew = go_on && most_tries_ == 0 && queue_.is_spooled() && step.wait.count() != 0 &&
                                 delivery_.untouched();
        if (go_on && !choose_anew)
            continue;
        keep_undecided();
        return go_on ? Fate::kept : Fate::given_up;
    }
    queue_.accept();
    return Fate::done;
}

/// True if the server stores other lines, and only these not for a proxy's limit, or not yet because refused
/// ones among them are searched for: they must not delay live batches.
bool Sender::may_spool_rest(const Step& step) const {
    return (is_proxy_limit(step) || is_pause_of_search(step)) && most_tries_ == 0 && queue_.is_spooled() &&
           delivery_.is_partly_decided();
}

bool Sender::has_time() {
    const std::lock_guard lock(mutex_);
    return Clock::now() < end_;
}

/// Returns false if there is no time for another try. A stop ends the wait at once and leaves one more try,
/// because what failed a minute ago may work now.
bool Sender::pause(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    const auto until = Clock::now() + wait;
    const auto stopping = [this] { return end_ != Clock::time_point::max(); };
    const bool draining = most_tries_ != 0;
    if (!draining && !stopping())
        stopped_.wait_until(lock, until, stopping);
    if (!draining && stopping() && !std::exchange(last_try_given_, true))
        return Clock::now() < end_;
    if (until >= end_)
        return false;
    stopped_.wait_until(lock, until, [until] { return Clock::now() >= until; });
    return true;
}

} // namespace lxcmon::deliver
