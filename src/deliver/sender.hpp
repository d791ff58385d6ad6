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
    std::uint64_t dropped_points = 0; ///< pushed out of the full queue, or by the spool's bounds
    std::uint64_t retries = 0;
    int last_status = 0;          ///< HTTP status, 0 where no answer came
    std::time_t delivered_at = 0; ///< the last time that points were stored; 0: none yet

    /// All but last_status.
    void add(const DeliveryTotals& other) noexcept {
        delivered_points += other.delivered_points;
        rejected_points += other.rejected_points;
        dropped_points += other.dropped_points;
        retries += other.retries;
        delivered_at = std::max(delivered_at, other.delivered_at);
    }
};

/// Takes batches out of a queue and brings them to a sink: in a thread of its own (start, stop), or
/// right away in the caller's (drain). Queue and sink must outlive it.
class Sender {
  public:
    Sender(Queue& queue, Sink& sink, DeliverySettings settings = {});
    ~Sender(); ///< stops at once
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    Sender(Sender&&) = delete;
    Sender& operator=(Sender&&) = delete;

    /// Starts the thread. It has all signals blocked: they are the main thread's.
    void start();

    /// Closes the queue, tries what is in it until the grace is over, ends the thread. Ends early when
    /// all is delivered, or when the next try would come too late. Returns the lines not delivered,
    /// which are still in the queue or have gone to the spool. For good: no start() after it.
    std::size_t stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

    struct Drained {
        std::size_t lines_left = 0; ///< 0: all done (delivered or rejected: see counts())
        std::string why;            ///< for a person; empty where nothing is left
    };

    /// Without the thread: delivers what is in the queue, for --once and replay. Gives up after so long,
    /// after so many failed tries in a row, or at once on wrong settings. The rest stays in the queue.
    [[nodiscard]] Drained drain(std::chrono::milliseconds limit, unsigned tries = 5);

    /// Any thread.
    [[nodiscard]] DeliveryTotals counts() const;

    /// What is wrong with delivery now, for the unit's status; empty when all is well. Any thread.
    [[nodiscard]] std::string trouble() const;

  private:
    using Clock = std::chrono::steady_clock;

    enum class Fate { done, kept, given_up };

    void run();
    Fate deliver_next();
    Fate deliver(const Batch& batch);
    void deliver_backlog(const Batch& batch, std::uint64_t number);
    bool pause(std::chrono::milliseconds wait);
    bool has_time();

    Queue& queue_;
    Sink& sink_;
    SharedCounters counters_;
    Delivery delivery_;
    Delivery backlog_; ///< has its own tries and waits: its trouble must not hold up what is sampled now
    std::uint64_t backlog_number_ = 0;  ///< of the batch in backlog_
    std::size_t partly_done_lines_ = 0; ///< of the batch that went back into the queue

    bool last_try_given_ = false; ///< to a stop
    std::mutex mutex_;            ///< for end_
    std::condition_variable stopped_;
    Clock::time_point end_ = Clock::time_point::max();

    unsigned most_tries_ = 0; ///< drain() alone: failed tries in a row; 0 is no limit
    std::string last_message_;
    std::thread thread_;
};

} // namespace lxcmon::deliver
