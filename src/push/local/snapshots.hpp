// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "encode/lxc_monitor.hpp"
#include "model/batch.hpp"
#include "push/config.hpp"
#include "push/self_metrics.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace lxcmon::push {

/// The points of each tick as a snapshot for --json-layout lxc-monitor (docs/moving-lxc-monitor.md). Main
/// thread only.
class Snapshots {
  public:
    /// nullptr: the settings want none.
    [[nodiscard]] static std::unique_ptr<Snapshots> make(const Config& config);
    explicit Snapshots(const Config& config);

    /// A tick begins.
    void begin();
    void add(const Point& point) { monitor_.add(point); }
    /// The tick has ended. `costs`: of this process now.
    void end(const ProcessCosts& costs);
    /// The snapshots since the last call, a line each; nullptr if there are none. Valid until the next call.
    [[nodiscard]] const Batch* take();

  private:
    encode::LxcMonitor monitor_;
    Batch waiting_, taken_;
    std::int64_t begin_ns_ = 0, begin_monotonic_ns_ = 0;
    std::int64_t cpu_usec_, cpu_at_ns_; ///< at the last tick, or the construction
};

} // namespace lxcmon::push
