// SPDX-License-Identifier: GPL-2.0-or-later
// The functions of Queue for the spool thread.
#include "deliver/queue.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lxcmon::deliver {

Queue::Items::iterator Queue::find_due(TimePoint now) {
    return std::find_if(items_.begin(), items_.end(),
                        [&](const Item& item) { return item.to_spool && item.due_at <= now; });
}

std::optional<Queue::Due> Queue::begin_spooling() {
    const std::lock_guard lock(mutex_);
    const auto item = find_due(TimePoint::clock::now());
    if (item == items_.end())
        return std::nullopt;
    spooling_id_ = item->id;
    return Due{item->id, item->batch};
}

void Queue::end_spooling(const Due& due, Spooled spooled) {
    Items gone; // freed after the lock is released
    const std::lock_guard lock(mutex_);
    if (std::exchange(spooling_id_, 0) != due.id)
        throw std::logic_error("Queue::end_spooling: no such batch is being spooled");
    const auto item = std::ranges::find(items_, due.id, &Item::id);
    if (item == items_.end())
        return; // delivered meanwhile, and take_settled() says so
    item->in_spool = item->in_spool || spooled == Spooled::written;
    if (item->batch == due.batch) // else its rest is still to be written
        item->to_spool = spooled == Spooled::failed;
    forget_spooled(std::prev(items_.end()), gone);
}

std::list<Queue::Settled> Queue::take_settled() {
    const std::lock_guard lock(mutex_);
    return std::exchange(settled_, {});
}

void Queue::offer_backlog(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    if (backlog_.state != Backlog::none)
        throw std::logic_error("Queue::offer_backlog: there is one already");
    backlog_.state = Backlog::offered;
    backlog_.batch = &batch;
    ++backlog_.number;
    backlog_.rest.reset();
    to_send_.notify_one();
}

Queue::Backlog Queue::take_backlog() {
    const std::lock_guard lock(mutex_);
    const Backlog state = backlog_.state;
    if (state == Backlog::delivered)
        backlog_.state = Backlog::none;
    return state;
}

void Queue::end_backlog() {
    const std::lock_guard lock(mutex_);
    if (backlog_.state != Backlog::put_off)
        throw std::logic_error("Queue::end_backlog: the backlog is not put off");
    backlog_.state = Backlog::none;
}

bool Queue::withdraw_backlog() {
    const std::lock_guard lock(mutex_);
    if (backlog_.in_flight || backlog_.state == Backlog::put_off || backlog_.state == Backlog::delivered)
        return false;
    backlog_.state = Backlog::none;
    return true;
}

const Batch* Queue::backlog_rest() const {
    const std::lock_guard lock(mutex_);
    const bool is_left = backlog_.state == Backlog::offered || backlog_.state == Backlog::put_off;
    return is_left ? backlog_.rest.get() : nullptr;
}

Queue::TimePoint Queue::next_due() const {
    auto next = TimePoint::max();
    for (const Item& item : items_)
        if (item.to_spool)
            next = std::min(next, item.due_at);
    return next;
}

bool Queue::has_spool_work(bool can_write) const {
    return finishing_ || !settled_.empty() || backlog_.state == Backlog::delivered ||
           (can_write && (backlog_.state == Backlog::put_off || next_due() <= TimePoint::clock::now()));
}

void Queue::wait_for_spooling(TimePoint deadline, bool can_write) {
    std::unique_lock lock(mutex_);
    while (!has_spool_work(can_write) && TimePoint::clock::now() < deadline)
        to_spool_.wait_until(lock, can_write ? std::min(deadline, next_due()) : deadline);
}

} // namespace lxcmon::deliver
