// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/delivery.hpp"
#include "deliver/queue.hpp"
#include "deliver/sender.hpp"
#include "deliver/sink.hpp"
#include "deliver/spooler.hpp"
#include "model/batch.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::deliver {

struct TargetSettings {
    QueueSettings queue;
    std::optional<spool::Settings> spool; ///< nullopt for a file or stdout
    DeliverySettings delivery;
};

/// A destination of points with its queue, its spool and their threads. One thread at a time, except for the
/// functions marked "Any thread".
class Target {
  public:
    Target(std::unique_ptr<Sink> sink, const TargetSettings& settings);

    /// Starts the threads, unless they run already. Throws spool::SpoolHeld if another process holds the
    /// spool's lock, std::system_error if a thread can't be started; the call may be repeated.
    void start();

    /// Queues a batch; never waits.
    void push(Batch batch) { queue_.push(std::move(batch)); }

    struct Stopped {
        std::size_t lost_lines = 0; ///< neither delivered nor in the spool
        bool hangs = false;         ///< the disk does not respond: don't destroy the target, end with _exit()
    };
    /// Delivers queued batches for up to `grace`, then writes the rest to the spool; only the latter if
    /// start() has not succeeded. Can't be started again.
    [[nodiscard]] Stopped stop(std::chrono::milliseconds grace);

    /// The spool's disk does not respond. Any thread.
    [[nodiscard]] bool hangs() const { return spooler_ && spooler_->hangs(); }

    /// The result of deliver_now().
    struct Delivered {
        std::size_t lines_left = 0;
        std::size_t spooled_lines = 0; ///< part of lines_left that is in the spool
        std::string why;               ///< reason for a person; empty if no line is left
    };
    /// For --once, without start(): delivers the pushed batches, then those that earlier runs left in the
    /// spool, for up to `limit` and with up to `tries` failed tries in a row. The rest goes to the spool,
    /// unless another agent holds it.
    [[nodiscard]] Delivered deliver_now(std::chrono::milliseconds limit, unsigned tries);

    struct Status {
        DeliveryTotals counts;
        std::uint64_t dropped_in_memory = 0; ///< part of counts.dropped_points: the queue was full
        std::size_t queue_points = 0;
        std::uint64_t spool_bytes = 0;
        std::uint64_t spool_points = 0;
        std::string trouble; ///< current problem of delivery or spool, for a person; empty if there is none
    };
    /// Any thread.
    [[nodiscard]] Status status() const;

    [[nodiscard]] std::string name() const { return sink_->name(); }

  private:
    void deliver_backlog(spool::Spool& spool, std::chrono::steady_clock::time_point end, unsigned tries);
    std::size_t spool_without_thread();
    void spool_queue(spool::Spool& spool, Delivered& result);

    std::unique_ptr<Sink> sink_;
    std::optional<spool::Settings> spool_settings_;
    Queue queue_;
    std::optional<Spooler> spooler_;
    Sender sender_;
    void keep_rejected(const std::string& why_not);

    bool started_ = false;
    std::uint64_t dropped_by_spool_ = 0;        ///< without spooler_
    std::vector<spool::Rejected> rejected_now_; ///< by deliver_now(), not yet written
};

} // namespace lxcmon::deliver
