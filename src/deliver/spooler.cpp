// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/spooler.hpp"

#include "io/signals_blocked.hpp"
#include "text/same_kind.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

namespace lxcmon::deliver {

namespace {

constexpr std::chrono::seconds work_interval{1};
constexpr std::chrono::seconds retry_wait{5};
/// A disk that takes longer for one call of work() does not respond.
constexpr std::chrono::seconds hang_limit{5};
/// Read from the spool at once. A file made to be slow must not hold up writing.
constexpr std::uint64_t slice_bytes = std::uint64_t{16} << 20U;
/// Of refused lines that wait for the disk; further ones are counted as rejected and discarded.
constexpr std::size_t most_rejected_bytes = std::size_t{8} << 20U;

} // namespace

Spooler::Spooler(Queue& queue, const spool::Settings& settings)
    : queue_(queue)
    , spool_(settings, {.sync = [this](int fd) { return syncer_.later(fd); }})
    , quarantine_(settings.folder) {}

Spooler::~Spooler() {
    static_cast<void>(stop(std::chrono::hours(24)));
}

void Spooler::start() {
    if (is_running())
        return;
    if (const auto wrong = spool_.open()) {
        set_trouble(*wrong);
        retry_at_ = Clock::now() + retry_wait;
    }
    publish();
    const io::SignalsBlocked blocked;
    thread_ = std::thread(&Spooler::run, this);
}

bool Spooler::stop(std::chrono::milliseconds patience) {
    if (!thread_.joinable())
        return true;
    queue_.finish(); // before stopping_, so that all batches are due when run() sees it
    stopping_ = true;
    {
        std::unique_lock lock(mutex_);
        if (!ended_.wait_for(lock, patience, [this] { return has_ended_; }))
            return false;
    }
    thread_.join();
    return true;
}

void Spooler::run() {
    for (bool finishing = false; !finishing;) {
        finishing = stopping_; // read before the work, so that the last call sees everything
        busy_since_ = Clock::now().time_since_epoch().count();
        try {
            work(finishing);
        } catch (const std::exception& failure) { // out of memory, or another agent holds the folder
            retry_at_ = Clock::now() + retry_wait;
            note_failure(failure);
        }
        busy_since_ = 0;
        if (!finishing)
            queue_.wait_for_spooling(Clock::now() + work_interval, can_write());
    }
    syncer_.wait();
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    ended_.notify_all();
}

/// An exception that leaves run() would end the process.
void Spooler::note_failure(const std::exception& failure) noexcept {
    try {
        set_trouble(failure.what());
    } catch (const std::bad_alloc&) {
        // The next call of work() sets it.
    }
}

void Spooler::work(bool finishing) {
    // Gzipping waits for the disk and delays writing, so it is skipped while an earlier sync still runs.
    const bool disk_is_free = !syncer_.is_busy();
    settle();
    const auto retry_at = retry_at_;
    const bool may_write = finishing || can_write();
    if (may_write) {
        write_due(finishing);
        write_rejected();
    }
    settle();
    take_backlog(finishing);
    if (may_write && retry_at_ == retry_at)
        note_success();
    spool_.tidy(disk_is_free ? first_in_memory() : 0);
    offer_backlog(finishing);
    if (finishing)
        spool_.finish(queue_.backlog_rest());
    publish();
}

void Spooler::settle() {
    for (const Queue::Settled& settled : queue_.take_settled()) {
        const auto found = in_memory_.find(settled.id);
        if (found == in_memory_.end())
            continue;
        if (settled.delivered)
            spool_.cancel(found->second);
        in_memory_.erase(found);
    }
}

void Spooler::write_due(bool finishing) {
    while (const auto due = queue_.begin_spooling()) {
        spool::Entry& known = in_memory_[due->id]; // may throw: before the batch is written
        spool::Spool::Appended appended;
        try {
            appended = spool_.append(*due->batch);
        } catch (const std::exception& failure) {
            appended.why = failure.what();
        }
        if (appended.entry)
            spool_.cancel(std::exchange(known, *appended.entry)); // the whole batch, if this is its rest
        else if (known.segment == 0)
            in_memory_.erase(due->id);
        queue_.end_spooling(*due, appended.entry       ? Queue::Spooled::written
                                  : appended.too_large ? Queue::Spooled::too_large
                                                       : Queue::Spooled::failed);
        if (!appended.too_large)
            set_trouble(appended.why);
        else if (!std::exchange(too_large_, true))
            spdlog::error("{}; such a batch is kept in memory only, within limits", appended.why);
        if (!appended.entry && !appended.too_large) {
            retry_at_ = Clock::now() + retry_wait;
            return;
        }
        // With a long queue, batches that the sender has delivered meanwhile must be settled too.
        if (!finishing)
            settle();
    }
}

/// Nothing that had to be written has failed.
void Spooler::note_success() {
    if (retry_at_ == Clock::time_point{} || spool_.open())
        return;
    retry_at_ = {};
    set_trouble({});
}

void Spooler::write_rejected() {
    std::deque<spool::Rejected> taken;
    {
        const std::lock_guard lock(mutex_);
        taken = std::exchange(rejected_, {});
        rejected_bytes_ = 0;
    }
    for (; !taken.empty(); taken.pop_front())
        if (const auto wrong = quarantine_.append(taken.front())) {
            set_trouble("refused lines can't be kept: " + *wrong);
            retry_at_ = Clock::now() + retry_wait;
            for (spool::Rejected& rejected : taken)
                reject(std::move(rejected));
            return;
        }
}

/// If the spool's limits must drop the offered batch, it is withdrawn, unless it is in flight.
void Spooler::take_backlog(bool finishing) {
    const auto fate = queue_.take_backlog();
    if (fate == Queue::Backlog::delivered)
        spool_.accept();
    else if (fate == Queue::Backlog::put_off && (finishing || can_write()))
        put_off_backlog();
    else if (spool_.wants_back() && queue_.withdraw_backlog())
        spool_.keep();
}

void Spooler::put_off_backlog() {
    if (const auto appended = spool_.append(*queue_.backlog_rest()); !appended.entry) {
        set_trouble(appended.why);
        retry_at_ = Clock::now() + retry_wait;
        return;
    }
    queue_.end_backlog();
    spool_.accept();
}

void Spooler::offer_backlog(bool finishing) {
    const auto fate = queue_.take_backlog();
    if (fate == Queue::Backlog::delivered)
        spool_.accept();
    if (finishing || fate == Queue::Backlog::offered || fate == Queue::Backlog::put_off)
        return;
    // Batches that are also in memory are sent from there; until then their segments stay as they are.
    if (const Batch* next = spool_.begin(first_in_memory(), slice_bytes))
        queue_.offer_backlog(*next);
}

/// The number of the first segment with a batch that is also in memory, and may have to be cancelled.
std::uint64_t Spooler::first_in_memory() const {
    std::uint64_t first = spool::Spool::every_segment;
    for (const auto& [id, entry] : in_memory_)
        first = std::min(first, entry.segment);
    return first;
}

void Spooler::publish() {
    spool_bytes_ = spool_.bytes();
    spool_lines_ = spool_.lines();
    dropped_lines_ = spool_.dropped_lines();
}

void Spooler::set_trouble(const std::string& message) {
    {
        const std::lock_guard lock(mutex_);
        // The message may name a file that has a new number at each try.
        const bool is_known = text::same_kind(trouble_, message);
        trouble_ = message;
        if (is_known)
            return;
    }
    if (message.empty())
        spdlog::info("the spool can be written again");
    else
        spdlog::error("the spool can't be used: {}; undelivered points are kept in memory, within limits",
                      message);
}

std::string Spooler::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

bool Spooler::hangs() const {
    const Clock::time_point since{Clock::duration(busy_since_.load())};
    return (since != Clock::time_point{} && Clock::now() - since > hang_limit) ||
           syncer_.busy_for() > hang_limit;
}

void Spooler::reject(spool::Rejected rejected) {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = rejected.lines.size() + rejected.message.size();
    if (rejected_bytes_ + bytes > most_rejected_bytes) {
        if (!std::exchange(rejected_dropped_, true))
            spdlog::error(
                "refused lines can't be written and arrive too fast: they are counted and discarded");
        return;
    }
    rejected_bytes_ += bytes;
    rejected_.push_back(std::move(rejected));
}

} // namespace lxcmon::deliver
