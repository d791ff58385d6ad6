// SPDX-License-Identifier: GPL-2.0-or-later
// The functions of Queue for the spool thread.
#include "deliver/queue.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lxcmon::deliver {

bool Queue::may_be_spooled(const Item& item) noexcept {
    return !item.spooled && !item.delivered && !item.being_spooled && !item.unspoolable;
}

Queue::Items::iterator Queue::find_due(TimePoint now) {
    return std::find_if(items_.begin(), items_.end(),
                        [&](const Item& item) { return may_be_spooled(item) && item.due_at <= now; });
}

std::optional<Queue::Due> Queue::begin_spooling() {
    const std::lock_guard lock(mutex_);
    const auto item = find_due(TimePoint::clock::now());
    if (item == items_.end())
        return std::nullopt;
    item->being_spooled = true;
    return Due{item->id, &item->batch};
}

void Queue::end_spooling(std::uint64_t id, Spooled spooled) {
    Items gone; // freed after the lock is released
    const std::lock_guard lock(mutex_);
    const auto item =
        std::find_if(items_.begin(), items_.end(), [&](const Item& each) { return each.id == id; });
    if (item == items_.end() || !item->being_spooled)
        throw std::logic_error("Queue::end_spooling: no such batch is being spooled");
    item->being_spooled = false;
    item->spooled = spooled == Spooled::written;
    if (item->spooled && item->replaces != 0)
        settled_.push_back({std::exchange(item->replaces, 0), true});
    item->unspoolable = spooled == Spooled::too_large;
    if (item->replaced && !item->spooled)
        for (Item& each : items_)
            each.replaces = each.replaces == id ? std::exchange(item->replaces, 0) : each.replaces;
    const bool is_newest = std::next(item) == items_.end();
    if (item->delivered || (item->spooled && !item->in_flight && !is_newest))
        forget(item, gone);
}

std::vector<Queue::Settled> Queue::take_settled() {
    const std::lock_guard lock(mutex_);
    return std::exchange(settled_, {});
}

void Queue::offer_backlog(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    if (backlog_.batch != nullptr)
        throw std::logic_error("Queue::offer_backlog: there is one already");
    backlog_.batch = &batch;
    ++backlog_.number;
    backlog_.delivered = false;
    backlog_.rest.reset();
    to_send_.notify_one();
}

Queue::Backlog Queue::take_backlog() {
    const std::lock_guard lock(mutex_);
    if (backlog_.batch == nullptr)
        return Backlog::none;
    if (!backlog_.delivered)
        return Backlog::offered;
    backlog_.batch = nullptr;
    return Backlog::delivered;
}

bool Queue::withdraw_backlog() {
    const std::lock_guard lock(mutex_);
    if (backlog_.in_flight || backlog_.delivered)
        return false;
    backlog_.batch = nullptr;
    return true;
}

const Batch* Queue::backlog_rest() const {
    const std::lock_guard lock(mutex_);
    return backlog_.batch != nullptr && !backlog_.delivered && backlog_.rest ? &*backlog_.rest : nullptr;
}

Queue::TimePoint Queue::next_due() const {
    auto next = TimePoint::max();
    for (const Item& item : items_)
        if (may_be_spooled(item))
            next = std::min(next, item.due_at);
    return next;
}

bool Queue::has_spool_work(bool can_write) const {
    return finishing_ || !settled_.empty() || (backlog_.batch != nullptr && backlog_.delivered) ||
           (can_write && next_due() <= TimePoint::clock::now());
}

void Queue::wait_for_spooling(TimePoint deadline, bool can_write) {
    std::unique_lock lock(mutex_);
    while (!has_spool_work(can_write) && TimePoint::clock::now() < deadline)
        to_spool_.wait_until(lock, can_write ? std::min(deadline, next_due()) : deadline);
}

} // namespace lxcmon::deliver
