#pragma once

#include "collector.hpp"
#include "config.hpp"
#include "deliver/queue.hpp"
#include "deliver/sender.hpp"
#include "encode/batcher.hpp"
#include "self_metrics.hpp"
#include "sink_factory.hpp"

namespace lxcmon {

/// Owns everything. Before run(), and before it is made, the signals that end it must be blocked.
class Agent {
  public:
    /// Throws BadSetting, std::system_error, std::runtime_error where it can't start.
    explicit Agent(const Config& config);

    /// Ticks until SIGTERM, SIGINT or SIGHUP. Returns the program's exit code.
    int run();
    /// One sample, delivered right away. Returns the program's exit code.
    int run_once();

  private:
    void tick(std::int64_t tick_ns);
    /// A tick that fails (no memory) is logged and costs itself alone: what is queued must not be lost with
    /// it.
    void try_tick(std::int64_t tick_ns);
    void encode(std::int64_t tick_ns);
    void push(Batch batch);
    void note_missed(std::int64_t missed);
    void note_dropped();
    int stop(std::chrono::milliseconds grace);

    Config config_;
    Collector collector_;
    Destination destination_;
    encode::Batcher batcher_;
    deliver::Queue queue_;
    deliver::Sender sender_;
    SelfMetrics metrics_;
    std::int64_t last_flush_ns_ = 0;
    std::uint64_t dropped_lines_ = 0; ///< of the queue, at the last tick
    bool failing_ = false;            ///< the last tick failed
    bool missing_ = false;            ///< the last tick was missed
    bool dropping_ = false;           ///< the queue was full at the last tick
};

} // namespace lxcmon
