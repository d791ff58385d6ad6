// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/delivery.hpp"
#include "deliver/queue.hpp"
#include "deliver/sink.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>

namespace lxcmon::deliver {

/// For the measurement lxcmon_push.
struct DeliveryTotals {
    std::uint64_t delivered_points = 0;
    std::uint64_t rejected_points = 0;
    std::uint64_t dropped_points = 0; ///< dropped from the full queue, or by the limits of the spool
    std::uint64_t retries = 0;
    int last_status = 0;          ///< HTTP status of the last answer, 0 if there was none
    std::time_t delivered_at = 0; ///< time when points were last stored; 0: never

    /// Adds everything except last_status; delivered_at becomes the later one.
    void add(const DeliveryTotals& other) noexcept {
        delivered_points += other.delivered_points;
        rejected_points += other.rejected_points;
        dropped_points += other.dropped_points;
        retries += other.retries;
        delivered_at = std::max(delivered_at, other.delivered_at);
    }
};

/// Takes batches from a queue and delivers them to a sink, in a thread of its own (start, stop) or in the
/// caller's thread (drain). Queue and sink must outlive it.
class Sender {
  public:
    Sender(Queue& queue, Sink& sink, DeliverySettings settings = {});
    ~Sender(); ///< stops at once
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    Sender(Sender&&) = delete;
    Sender& operator=(Sender&&) = delete;

    /// Starts the thread. All signals are blocked in it: the main thread handles them.
    void start();

    /// Closes the queue, sends its batches for up to `grace`, and ends the thread. Ends earlier if all
    /// batches are delivered, or the next try would be too late. Returns the number of lines that are neither
    /// delivered nor in the spool; they stay in the queue. No start() after it.
    std::size_t stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

    struct Drained {
        std::size_t lines_left = 0; ///< 0: every line is delivered or rejected, see counts()
        std::string why;            ///< reason for a person; empty if no line is left
    };

    /// For --once and replay, without the thread: delivers the batches of the queue. Gives up after `limit`,
    /// after `tries` failed tries in a row, or at once on wrong settings. The rest stays in the queue.
    [[nodiscard]] Drained drain(std::chrono::milliseconds limit, unsigned tries = 5);

    /// Any thread.
    [[nodiscard]] DeliveryTotals counts() const;

    /// The current problem of delivery, for the unit's status; empty if there is none. Any thread.
    [[nodiscard]] std::string trouble() const;

  private:
    using Clock = std::chrono::steady_clock;

    enum class Fate { done, kept, given_up };

    void run();
    void put_back() noexcept;
    Fate deliver_next();
    Fate deliver(const Batch& batch);
    void deliver_backlog(const Batch& batch, std::uint64_t number);
    void leave_backlog() noexcept;
    void keep_undecided(std::chrono::milliseconds wait = std::chrono::milliseconds(0));
    [[nodiscard]] bool may_spool_rest(const Step& step) const;
    bool pause(std::chrono::milliseconds wait);
    bool has_time();

    Queue& queue_;
    Sink& sink_;
    SharedCounters counters_;
    Delivery delivery_;
    Delivery backlog_; ///< with tries and waits of its own: its failures must not delay live batches
    std::uint64_t backlog_number_ = 0; ///< of the batch in backlog_

    bool last_try_given_ = false; ///< after a stop
    std::mutex mutex_;            ///< protects end_
    std::condition_variable stopped_;
    Clock::time_point end_ = Clock::time_point::max();

    unsigned most_tries_ = 0; ///< of drain(): failed tries in a row; 0: no limit
    std::string last_message_;
    std::thread thread_;
};

} // namespace lxcmon::deliver
