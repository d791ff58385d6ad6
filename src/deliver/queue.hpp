#pragma once

#include "model/batch.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace lxcmon::deliver {

/// Between the sampling thread, which pushes and never waits, and the one sending thread, which takes
/// the oldest batch and then accepts or keeps it. Bounded by bytes: when full the oldest goes out,
/// never the one in flight. Any function may be called from any thread.
class Queue {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit Queue(std::size_t limit_bytes)
        : limit_bytes_(limit_bytes) {}

    /// Takes a batch in. False when it went nowhere: the queue is closed, or there is no room beside
    /// the batch in flight. What is dropped, this batch or older ones, is counted in dropped_lines().
    bool push(Batch batch);

    /// The oldest batch, now in flight until accept() or keep(); nullptr where the queue is empty.
    /// The batch stays where it is, and its bytes unchanged, until then.
    [[nodiscard]] const Batch* begin();

    /// The same, but waits for a batch until the deadline, or until the queue is closed.
    [[nodiscard]] const Batch* begin(TimePoint deadline);

    /// The batch in flight is done with: it goes.
    void accept();

    /// The batch in flight is the oldest again.
    void keep();

    /// No batch is taken in any more, and nobody waits for one; what is there can still be taken out.
    void close();

    [[nodiscard]] std::size_t lines() const; ///< with those in flight
    [[nodiscard]] std::size_t bytes() const; ///< with those in flight
    [[nodiscard]] std::uint64_t dropped_lines() const;

  private:
    const Batch* begin_locked();

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Batch> waiting_;
    std::optional<Batch> in_flight_;
    const std::size_t limit_bytes_;
    std::size_t bytes_ = 0;
    std::size_t lines_ = 0;
    std::uint64_t dropped_lines_ = 0;
    bool closed_ = false;
};

} // namespace lxcmon::deliver
