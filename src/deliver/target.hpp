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
    std::optional<spool::Settings> spool; ///< none for a file or stdout
    DeliverySettings delivery;
};

/// One place that points go to, with all that brings them there and loses none: its queue, its spool and
/// their threads. One thread at a time, except where said.
class Target {
  public:
    Target(std::unique_ptr<Sink> sink, const TargetSettings& settings);

    /// Starts the threads, where they don't run yet. Throws SpoolHeld where another process has the spool's
    /// lock.
    void start();

    /// Takes a batch; never waits.
    void push(Batch batch) { queue_.push(std::move(batch)); }

    struct Stopped {
        std::size_t lost_lines = 0; ///< neither delivered nor in the spool
        bool hangs = false; ///< the disk does not answer: only _exit() ends that, this can't be destroyed
    };
    /// Tries to deliver what is left until the grace is over, and writes the rest to the spool. For good.
    [[nodiscard]] Stopped stop(std::chrono::milliseconds grace);

    /// The spool's disk does not answer. Any thread.
    [[nodiscard]] bool hangs() const { return spooler_ && spooler_->hangs(); }

    /// What deliver_now() came to.
    struct Delivered {
        std::size_t lines_left = 0;
        std::size_t spooled_lines = 0; ///< of those: in the spool
        std::string why;               ///< empty where nothing is left
    };
    /// Without start(), for --once: delivers what was pushed, and then what earlier runs left in the spool,
    /// within so long; what fails goes to the spool, where no other agent has it.
    [[nodiscard]] Delivered deliver_now(std::chrono::milliseconds limit, unsigned tries);

    struct Status {
        DeliveryTotals counts;
        std::uint64_t dropped_in_memory = 0; ///< of counts.dropped_points: the queue was full
        std::size_t queue_points = 0;
        std::uint64_t spool_bytes = 0;
        std::uint64_t spool_points = 0;
        std::string
            trouble; ///< for a person: what is wrong with delivery or spool now; empty when all is well
    };
    /// Any thread.
    [[nodiscard]] Status status() const;

    [[nodiscard]] std::string name() const { return sink_->name(); }

  private:
    void deliver_backlog(spool::Spool& spool, std::chrono::steady_clock::time_point end, unsigned tries);

    std::unique_ptr<Sink> sink_;
    std::optional<spool::Settings> spool_settings_;
    Queue queue_;
    std::optional<Spooler> spooler_;
    Sender sender_;
    void keep_rejected(const std::string& why_not);

    bool started_ = false;
    std::vector<spool::Rejected> rejected_now_; ///< of deliver_now()
};

} // namespace lxcmon::deliver
