// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/batch.hpp"
#include "model/point.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lxcmon::bench {

/// Ticks of so many containers as the agent would make them: every measurement and field of the field table,
/// counters that grow by random steps, gauges that wander. The same numbers at each run.
class GeneratedPoints {
  public:
    explicit GeneratedPoints(std::size_t containers);

    /// The batches of one tick, line protocol.
    [[nodiscard]] std::vector<Batch> tick(std::int64_t tick_ns);

    /// The points of one container's tick.
    void add_points(std::size_t container, std::int64_t tick_ns, PointBuffer& points);

  private:
    [[nodiscard]] std::uint64_t random() noexcept;

    std::size_t containers_;
    std::vector<std::int64_t> values_; ///< of each field of each container
    std::uint64_t state_ = 88172645463325252U;
};

} // namespace lxcmon::bench
