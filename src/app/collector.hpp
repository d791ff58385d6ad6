#pragma once

#include "app/collect_settings.hpp"
#include "discover/container_table.hpp"
#include "io/unique_fd.hpp"
#include "model/point.hpp"
#include "sample/sampler.hpp"

namespace lxcmon::app {

/// Discovers and samples: the first two rooms, for the agent, `list` and `check`.
/// Starts a helper process: make it before any thread.
struct Collector {
    /// Throws what sample::Sampler throws.
    explicit Collector(const CollectSettings& settings);

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

    /// Those that it was made of.
    [[nodiscard]] const CollectSettings& settings() const noexcept { return settings_; }
    /// liblxc's version.
    [[nodiscard]] static std::string liblxc_version();

    io::UniqueFd root;
    discover::ContainerTable table;
    sample::Sampler sampler;
    PointBuffer points;
    std::size_t troubled = 0; ///< containers of the last time that had some trouble

  private:
    CollectSettings settings_;

    void collect_for_rates(std::int64_t tick_ns);
    static void wait_a_moment();
};

} // namespace lxcmon::app
