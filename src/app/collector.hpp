#pragma once

#include "discover/container_table.hpp"
#include "io/unique_fd.hpp"
#include "model/point.hpp"
#include "push/config.hpp"
#include "sample/sampler.hpp"

namespace lxcmon::app {

/// What these settings send.
[[nodiscard]] Selection selection_of(const push::Config& config);

/// Discovers and samples: the first two rooms, for the agent, `list` and `check`.
/// Starts a helper process: make it before any thread.
struct Collector {
    /// Throws what sample::Sampler throws.
    explicit Collector(const push::Config& config);

    /// Looks at all containers now; their points replace those in `points`, but for those that `take` has
    /// taken out, see sample::Sampler.
    void collect(std::int64_t tick_ns, const sample::TakePoints& take = {});
    /// The same, and a short moment before another look, so that rates exist. `between` gets that one's
    /// points.
    template <typename Callback>
    void collect_twice(std::int64_t tick_ns, Callback&& between) {
        collect_for_rates(tick_ns);
        between(points);
        wait_a_moment();
        collect(tick_ns);
    }

    io::UniqueFd root;
    discover::ContainerTable table;
    sample::Sampler sampler;
    PointBuffer points;
    std::size_t troubled = 0; ///< containers of the last time that had some trouble

  private:
    void collect_for_rates(std::int64_t tick_ns);
    static void wait_a_moment();
};

} // namespace lxcmon::app
