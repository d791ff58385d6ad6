// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/queue.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lxcmon::deliver {

namespace {

/// Live batches go first; after this many of them the backlog is next, even if a live one is ready.
constexpr unsigned live_before_backlog = 4;

/// wait_until() overflows on time_point::max() with some clocks, so no deadline is a plain wait.
template <typename Ready>
void wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Queue::TimePoint until,
          Ready ready) {
    if (until == Queue::TimePoint::max())
        changed.wait(lock, ready);
    else
        changed.wait_until(lock, until, ready);
}

} // namespace

Queue::Queue(QueueSettings settings, Backoff::Random random)
    : settings_(settings)
    , random_(std::move(random)) {}

bool Queue::push(Batch batch) {
    if (batch.body.empty())
        return true;
    // The limit counts bytes of text; the capacity of an encoder's string may be twice as large.
    if (batch.body.capacity() - batch.body.size() > batch.body.size() / 4)
        batch.body.shrink_to_fit();
    const auto now = TimePoint::clock::now();
    Items gone;     // freed after the lock is released
    Items fresh(1); // may throw: before the first change
    Item& item = fresh.front();
    item.batch = std::make_shared<const Batch>(std::move(batch));
    const std::lock_guard lock(mutex_);
    forget_spooled(items_.end(), gone); // of the spooled batches only the newest is needed in memory
    if (closed_ || !make_room(item.batch->body.size(), gone)) {
        dropped_lines_ += item.batch->lines;
        return false;
    }
    item.id = ++last_id_;
    item.ready_at = now + settings_.send_offset;
    item.due_at = failing_ ? now : item.ready_at + settings_.spool_after;
    bytes_ += item.batch->body.size();
    items_.splice(items_.end(), fresh);
    to_send_.notify_one();
    to_spool_.notify_one();
    return true;
}

/// Drops the oldest batches until there is room for `bytes` more. Returns false, with nothing dropped, if
/// that is not possible.
bool Queue::make_room(std::size_t bytes, Items& dropped) {
    const auto is_held = [&](const Item& item) { return is_in_flight(item) || item.id == spooling_id_; };
    std::size_t held_bytes = 0;
    for (const Item& item : items_)
        held_bytes += is_held(item) ? item.batch->body.size() : 0;
    if (held_bytes + bytes > settings_.limit_bytes)
        return false;
    for (auto item = items_.begin(); bytes_ + bytes > settings_.limit_bytes;) {
        const auto next = std::next(item);
        if (!is_held(*item)) {
            dropped_lines_ += item->in_spool ? 0 : item->batch->lines;
            forget(item, false, dropped);
        }
        item = next;
    }
    return true;
}

bool Queue::is_in_flight(const Item& item) const noexcept {
    return in_flight_ && &**in_flight_ == &item;
}

/// Removes it from memory. The spool has it, or has it soon if it is being written.
void Queue::forget(Items::iterator item, bool delivered, Items& gone) {
    item->report.front() = {item->id, delivered};
    if (item->in_spool || item->id == spooling_id_)
        settled_.splice(settled_.end(), item->report);
    bytes_ -= item->batch->body.size();
    gone.splice(gone.end(), items_, item);
}

/// Of the batches before `end`: all that the spool has as they are, except the one in flight.
void Queue::forget_spooled(Items::iterator end, Items& gone) {
    for (auto item = items_.begin(); item != end;) {
        const auto next = std::next(item);
        if (item->in_spool && !item->to_spool && !is_in_flight(*item))
            forget(item, false, gone);
        item = next;
    }
}

const Batch* Queue::begin() {
    const std::lock_guard lock(mutex_);
    return begin_locked(TimePoint::clock::now());
}

const Batch* Queue::begin(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto now = TimePoint::clock::now();
        const Batch* const batch = begin_locked(now);
        if (batch != nullptr || now >= deadline || closed_)
            return batch;
        const TimePoint next = next_ready();
        wait(to_send_, lock, std::min(deadline, next),
             [&] { return closed_ || next_ready() < next || next <= TimePoint::clock::now(); });
    }
}

const Batch* Queue::begin_locked(TimePoint now) {
    if (in_flight_ || backlog_.in_flight)
        throw std::logic_error("Queue::begin: a batch is in flight already");
    const bool is_backlog_next =
        !failing_ && backlog_.live_since >= live_before_backlog && backlog_ready(now);
    if (const auto item = find_ready(now); item != items_.end() && !is_backlog_next) {
        ++backlog_.live_since;
        in_flight_ = item;
        return item->batch.get();
    }
    // While delivery fails, each try is made with the newest batch, which stays in memory.
    if (!backlog_ready(now) || (failing_ && !items_.empty()))
        return nullptr;
    backlog_.live_since = 0;
    backlog_.in_flight = true;
    return backlog_.batch;
}

Queue::Items::iterator Queue::find_ready(TimePoint now) {
    const auto is_ready = [&](const Item& item) { return closed_ || item.ready_at <= now; };
    if (!settings_.spooled)
        return std::find_if(items_.begin(), items_.end(), is_ready);
    const auto newest = std::find_if(items_.rbegin(), items_.rend(), is_ready);
    return newest == items_.rend() ? items_.end() : std::prev(newest.base());
}

bool Queue::backlog_ready(TimePoint now) const {
    return backlog_.state == Backlog::offered && !closed_ && backlog_.ready_at <= now;
}

Queue::TimePoint Queue::next_ready() const {
    auto next = TimePoint::max();
    for (const Item& item : items_)
        next = std::min(next, item.ready_at);
    if (backlog_.state == Backlog::offered)
        next = std::min(next, backlog_.ready_at);
    return next;
}

void Queue::accept() {
    Items gone; // freed after the lock is released
    const std::lock_guard lock(mutex_);
    failing_ = false;
    to_spool_.notify_one();
    if (std::exchange(backlog_.in_flight, false)) {
        backlog_.state = Backlog::delivered;
        const double even_sec =
            static_cast<double>(backlog_.batch->lines) / static_cast<double>(settings_.backlog_rate);
        const double pause_ms = even_sec * 1000 * (0.75 + random_() / 2);
        backlog_.ready_at =
            TimePoint::clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(pause_ms));
        return;
    }
    if (!in_flight_)
        throw std::logic_error("Queue::accept: no batch is in flight");
    forget(*std::exchange(in_flight_, std::nullopt), true, gone);
}

void Queue::keep(std::chrono::milliseconds wait) {
    Items gone;
    const std::lock_guard lock(mutex_);
    if (std::exchange(backlog_.in_flight, false)) {
        backlog_.ready_at = TimePoint::clock::now() + wait;
        return;
    }
    if (!in_flight_)
        throw std::logic_error("Queue::keep: no batch is in flight");
    in_flight_.reset();
    forget_spooled(std::prev(items_.end()), gone);
    to_send_.notify_one();
}

void Queue::keep_any() {
    {
        const std::lock_guard lock(mutex_);
        if (!in_flight_ && !backlog_.in_flight)
            return;
    }
    keep(std::chrono::seconds(1));
}

void Queue::keep_rest(Batch rest, std::chrono::milliseconds wait) {
    auto batch = std::make_shared<const Batch>(std::move(rest)); // may throw: before the first change
    const auto now = TimePoint::clock::now();
    const std::lock_guard lock(mutex_);
    if (std::exchange(backlog_.in_flight, false)) {
        backlog_.rest = std::move(batch);
        backlog_.ready_at = TimePoint::max();
        return;
    }
    if (!in_flight_)
        throw std::logic_error("Queue::keep_rest: no batch is in flight");
    const auto at = *std::exchange(in_flight_, std::nullopt);
    Item& item = *at;
    bytes_ -= item.batch->body.size() - batch->body.size();
    item.batch.swap(batch);
    item.ready_at = now + wait;
    item.due_at = now;
    item.to_spool = true;
    to_send_.notify_one();
    to_spool_.notify_one();
}

void Queue::put_off_backlog(Batch rest, std::chrono::milliseconds wait) {
    auto batch = std::make_shared<const Batch>(std::move(rest)); // may throw: before the first change
    const std::lock_guard lock(mutex_);
    if (!std::exchange(backlog_.in_flight, false))
        throw std::logic_error("Queue::put_off_backlog: no batch of the backlog is in flight");
    backlog_.rest = std::move(batch);
    backlog_.state = Backlog::put_off;
    backlog_.ready_at = TimePoint::clock::now() + wait;
    to_spool_.notify_one();
}

bool Queue::begin_backlog(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const bool is_offered = backlog_.state == Backlog::offered && backlog_.number == number;
    backlog_.in_flight = backlog_.in_flight || is_offered;
    return is_offered;
}

std::uint64_t Queue::backlog_number() const {
    const std::lock_guard lock(mutex_);
    return backlog_.in_flight ? backlog_.number : 0;
}

void Queue::set_failing() {
    const std::lock_guard lock(mutex_);
    failing_ = true;
    set_all_due(TimePoint::clock::now());
}

void Queue::set_all_due(TimePoint now) {
    for (Item& item : items_)
        item.due_at = std::min(item.due_at, now);
    to_spool_.notify_one();
}

void Queue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    to_send_.notify_all();
}

void Queue::finish() {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    set_all_due(TimePoint::clock::now());
}

std::size_t Queue::lines() const {
    const std::lock_guard lock(mutex_);
    std::size_t lines = 0;
    for (const Item& item : items_)
        lines += item.in_spool ? 0 : item.batch->lines;
    return lines;
}

std::size_t Queue::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

std::uint64_t Queue::dropped_lines() const {
    const std::lock_guard lock(mutex_);
    return dropped_lines_;
}

} // namespace lxcmon::deliver
