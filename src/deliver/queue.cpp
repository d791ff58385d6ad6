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
    Items gone; // freed after the lock is released
    const std::lock_guard lock(mutex_);
    forget_spooled(gone); // of the spooled batches only the newest is needed in memory
    if (closed_ || !make_room(batch.body.size(), gone)) {
        dropped_lines_ += batch.lines;
        return false;
    }
    Items fresh(1); // may throw: before the first change
    Item& item = fresh.front();
    item.batch = std::move(batch);
    item.id = ++last_id_;
    item.ready_at = now + settings_.send_offset;
    item.due_at = failing_ ? now : item.ready_at + settings_.spool_after;
    bytes_ += item.batch.body.size();
    items_.splice(items_.end(), fresh);
    to_send_.notify_one();
    to_spool_.notify_one();
    return true;
}

/// Drops the oldest batches until there is room for `bytes` more. Returns false, with nothing dropped, if
/// that is not possible.
bool Queue::make_room(std::size_t bytes, Items& dropped) {
    const auto is_held = [](const Item& item) { return item.in_flight || item.being_spooled; };
    std::size_t held_bytes = 0;
    for (const Item& item : items_)
        held_bytes += is_held(item) ? item.batch.body.size() : 0;
    if (held_bytes + bytes > settings_.limit_bytes)
        return false;
    for (auto item = items_.begin(); bytes_ + bytes > settings_.limit_bytes;) {
        const auto next = std::next(item);
        if (!is_held(*item)) {
            dropped_lines_ += is_in_spool(*item) ? 0 : item->batch.lines;
            forget(item, dropped);
        }
        item = next;
    }
    return true;
}

void Queue::forget(Items::iterator item, Items& gone) {
    if (item->replaces != 0)
        settled_.push_back({item->replaces, item->spooled || item->delivered});
    item->replaces = 0;
    if (item->spooled && !item->replaced)
        settled_.push_back({item->id, item->delivered}); // before the changes, because this may throw
    bytes_ -= item->batch.body.size();
    gone.splice(gone.end(), items_, item);
}

void Queue::forget_spooled(Items& gone) {
    for (auto item = items_.begin(); item != items_.end();) {
        const auto next = std::next(item);
        if (item->spooled && !item->in_flight)
            forget(item, gone);
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
        item->in_flight = true;
        in_flight_ = item;
        return &item->batch;
    }
    // While delivery fails, each try is made with the newest batch, which stays in memory.
    if (!backlog_ready(now) || (failing_ && !items_.empty()))
        return nullptr;
    backlog_.live_since = 0;
    backlog_.in_flight = true;
    return backlog_.batch;
}

Queue::Items::iterator Queue::find_ready(TimePoint now) {
    const auto is_ready = [&](const Item& item) {
        return !item.delivered && (closed_ || item.ready_at <= now);
    };
    if (!settings_.spooled)
        return std::find_if(items_.begin(), items_.end(), is_ready);
    const auto newest = std::find_if(items_.rbegin(), items_.rend(), is_ready);
    return newest == items_.rend() ? items_.end() : std::prev(newest.base());
}

bool Queue::backlog_ready(TimePoint now) const {
    return backlog_.batch != nullptr && !backlog_.delivered && !closed_ && backlog_.ready_at <= now;
}

Queue::TimePoint Queue::next_ready() const {
    auto next = TimePoint::max();
    for (const Item& item : items_)
        if (!item.delivered)
            next = std::min(next, item.ready_at);
    if (backlog_.batch != nullptr && !backlog_.delivered)
        next = std::min(next, backlog_.ready_at);
    return next;
}

void Queue::accept() {
    Items gone; // freed after the lock is released
    const std::lock_guard lock(mutex_);
    failing_ = false;
    to_spool_.notify_one();
    if (std::exchange(backlog_.in_flight, false)) {
        backlog_.delivered = true;
        const double even_sec =
            static_cast<double>(backlog_.batch->lines) / static_cast<double>(settings_.backlog_rate);
        const double pause_ms = even_sec * 1000 * (0.75 + random_() / 2);
        backlog_.ready_at =
            TimePoint::clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(pause_ms));
        return;
    }
    if (!in_flight_)
        throw std::logic_error("Queue::accept: no batch is in flight");
    const auto item = *std::exchange(in_flight_, std::nullopt);
    item->in_flight = false;
    item->delivered = true;
    if (!item->being_spooled)
        forget(item, gone);
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
    const auto item = *std::exchange(in_flight_, std::nullopt);
    item->in_flight = false;
    if (item->spooled && std::next(item) != items_.end())
        forget(item, gone);
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
    const auto now = TimePoint::clock::now();
    Items fresh(1); // may throw: before the first change
    Items gone;
    const std::lock_guard lock(mutex_);
    if (std::exchange(backlog_.in_flight, false)) {
        backlog_.rest = std::move(rest);
        backlog_.ready_at = TimePoint::max();
        return;
    }
    if (!in_flight_)
        throw std::logic_error("Queue::keep_rest: no batch is in flight");
    const auto item = *std::exchange(in_flight_, std::nullopt);
    item->in_flight = false;
    item->delivered = item->replaced = true;
    Item& part = fresh.front();
    part.batch = std::move(rest);
    part.id = ++last_id_;
    part.ready_at = now + wait;
    part.due_at = now;
    // The whole batch leaves the spool after its rest has been written there.
    part.replaces = item->spooled || item->being_spooled ? item->id : std::exchange(item->replaces, 0);
    bytes_ += part.batch.body.size();
    items_.splice(item, fresh);
    if (!item->being_spooled)
        forget(item, gone);
    to_send_.notify_one();
    to_spool_.notify_one();
}

bool Queue::begin_backlog(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const bool is_offered = backlog_.batch != nullptr && backlog_.number == number && !backlog_.delivered;
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
        lines += is_in_spool(item) || item.delivered ? 0 : item.batch.lines;
    return lines;
}

bool Queue::is_in_spool(const Item& item) const {
    const auto is_being_written = [&](const Item& each) {
        return each.id == item.replaces && each.being_spooled;
    };
    return item.spooled ||
           (item.replaces != 0 && std::none_of(items_.begin(), items_.end(), is_being_written));
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
