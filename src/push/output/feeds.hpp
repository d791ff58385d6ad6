// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "encode/batcher.hpp"
#include "model/point.hpp"
#include "push/config.hpp"
#include "push/local/snapshots.hpp"
#include "push/output/target_group.hpp"
#include "push/self_metrics.hpp"

#include <memory>
#include <vector>

namespace lxcmon::push {

/// Makes batches of points for the targets: one encoding of each feed that a target has. Main thread only.
class Feeds {
  public:
    /// Of the targets that are given to add() and flush().
    Feeds(const Config& config, const TargetGroup& targets);

    /// A tick begins.
    void begin_tick();
    /// Full batches go to the targets.
    void add(const Point& point, TargetGroup& targets);
    /// The tick has ended. `costs`: of this process now.
    void end_tick(const ProcessCosts& costs);
    /// What is gathered goes to the targets.
    void flush(TargetGroup& targets);

  private:
    struct Points {
        Feed feed{};
        encode::Batcher batcher;
    };
    void encode(const Point& point, TargetGroup& targets);

    std::vector<Points> points_;
    std::unique_ptr<Snapshots> snapshots_; ///< nullptr: no target gets any
    bool sends_lxd2influx_;
    PointBuffer old_point_; ///< of another schema
};

} // namespace lxcmon::push
