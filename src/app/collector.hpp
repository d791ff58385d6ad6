// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/collect_settings.hpp"
#include "discover/container_table.hpp"
#include "io/unique_fd.hpp"
#include "model/point.hpp"
#include "sample/sampler.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::app {

/// Discovers and samples containers, for the agent, `list` and `check`. Main thread only.
/// The constructor starts a helper process: construct it before any thread.
struct Collector {
    /// discover::serve_as_lxc_worker(): call it first in main().
    static void serve_as_worker(std::span<char* const> arguments) noexcept;
    /// Throws what sample::Sampler throws.
    explicit Collector(const CollectSettings& settings);

    /// Finds the containers, so that the first tick has all of them, also where liblxc takes its time. Waits
    /// for up to 2 s.
    void find_containers();
    /// Samples all containers now. `points` then contains the new points, except those that `take` has
    /// removed (see sample::Sampler). `tick_ns` is their time, ns since 1970; a late one has its own.
    void collect(std::int64_t tick_ns, const sample::TakePoints& take = {});
    /// Samples twice, 500 ms apart, so that rates exist. `between` gets the points of the first sample.
    template <typename Callback>
    void collect_twice(std::int64_t tick_ns, Callback&& between) {
        collect_for_rates(tick_ns);
        between(points);
        wait_a_moment();
        collect(tick_ns);
    }

    /// The settings of the constructor.
    [[nodiscard]] const CollectSettings& settings() const noexcept { return settings_; }
    /// What the parts of the last collect() took. The names are string literals.
    struct Part {
        std::string_view what;
        std::int64_t nsec;
    };
    [[nodiscard]] std::array<Part, 4> times() const noexcept;
    [[nodiscard]] static std::string liblxc_version();

    io::UniqueFd root;
    discover::ContainerTable table;
    sample::Sampler sampler;
    PointBuffer points;
    std::size_t troubled = 0; ///< containers with an incomplete last sample

  private:
    CollectSettings settings_;
    std::int64_t find_ns_ = 0;

    void collect_for_rates(std::int64_t tick_ns);
    static void wait_a_moment();
};

} // namespace lxcmon::app
