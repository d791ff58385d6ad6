#pragma once

#include "config.hpp"
#include "deliver/queue.hpp"
#include "deliver/sender.hpp"
#include "discover/container_table.hpp"
#include "encode/batcher.hpp"
#include "io/unique_fd.hpp"
#include "sample/sampler.hpp"
#include "self_metrics.hpp"
#include "sink_factory.hpp"

namespace lxcmon {

/// The eyes of the agent: what discovers and samples, without what delivers. Also for `list` and `check`.
/// Starts a helper process: make it before any thread.
struct Eyes {
    explicit Eyes(const Config& config);
    /// Looks at all containers now; their points replace those in `points`.
    void look(std::int64_t tick_ns);
    /// Looks twice, a short moment apart, so that rates exist. `between` is called after the first look.
    template <typename Callback>
    void look_twice(std::int64_t tick_ns, Callback&& between) {
        look(tick_ns);
        between(points);
        wait_a_moment();
        look(tick_ns);
    }

    io::UniqueFd root;
    discover::ContainerTable table;
    sample::Sampler sampler;
    PointBuffer points;
    std::size_t troubled = 0; ///< containers of the last look that had some trouble

  private:
    static void wait_a_moment();
};

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
    void encode(std::int64_t tick_ns);
    void push(Batch batch);
    void note_missed(std::int64_t missed);
    void note_dropped();
    int stop(std::chrono::milliseconds grace);

    Config config_;
    Eyes eyes_;
    Destination destination_;
    encode::Batcher batcher_;
    deliver::Queue queue_;
    deliver::Sender sender_;
    SelfMetrics metrics_;
    std::int64_t last_flush_ns_ = 0;
    bool missing_ = false;  ///< the last tick was missed
    bool dropping_ = false; ///< the queue was full at the last tick
};

} // namespace lxcmon
