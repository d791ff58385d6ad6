#include "deliver/queue.hpp"

#include <stdexcept>
#include <utility>

namespace lxcmon::deliver {

bool Queue::push(Batch batch) {
    if (batch.body.empty())
        return true;
    // The bound is on bytes that hold text: an encoder's string may have grown to twice that.
    if (batch.body.capacity() - batch.body.size() > batch.body.size() / 4)
        batch.body.shrink_to_fit();
    std::deque<Batch> dropped; // freed after the lock is
    const std::lock_guard lock(mutex_);
    const std::size_t in_flight_bytes = in_flight_ ? in_flight_->body.size() : 0;
    if (closed_ || in_flight_bytes + batch.body.size() > limit_bytes_) {
        dropped_lines_ += batch.lines;
        return false;
    }
    while (bytes_ + batch.body.size() > limit_bytes_) {
        Batch& oldest = waiting_.front();
        bytes_ -= oldest.body.size();
        lines_ -= oldest.lines;
        dropped_lines_ += oldest.lines;
        dropped.push_back(std::move(oldest));
        waiting_.pop_front();
    }
    bytes_ += batch.body.size();
    lines_ += batch.lines;
    waiting_.push_back(std::move(batch));
    changed_.notify_one();
    return true;
}

const Batch* Queue::begin() {
    const std::lock_guard lock(mutex_);
    return begin_locked();
}

const Batch* Queue::begin(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return closed_ || !waiting_.empty(); };
    // wait_until() overflows on time_point::max() with some clocks: without a deadline, a plain wait.
    if (deadline == TimePoint::max())
        changed_.wait(lock, ready);
    else
        changed_.wait_until(lock, deadline, ready);
    return begin_locked();
}

const Batch* Queue::begin_locked() {
    if (in_flight_)
        throw std::logic_error("Queue::begin: a batch is in flight already");
    if (waiting_.empty())
        return nullptr;
    in_flight_ = std::move(waiting_.front());
    waiting_.pop_front();
    return &*in_flight_;
}

void Queue::accept() {
    std::optional<Batch> done; // freed after the lock is
    const std::lock_guard lock(mutex_);
    if (!in_flight_)
        throw std::logic_error("Queue::accept: no batch is in flight");
    bytes_ -= in_flight_->body.size();
    lines_ -= in_flight_->lines;
    done.swap(in_flight_);
}

void Queue::keep() {
    const std::lock_guard lock(mutex_);
    if (!in_flight_)
        throw std::logic_error("Queue::keep: no batch is in flight");
    waiting_.push_front(std::move(*in_flight_));
    in_flight_.reset();
    changed_.notify_one();
}

void Queue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

std::size_t Queue::lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
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
