// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/target.hpp"
#include "model/batch.hpp"
#include "push/config.hpp"
#include "push/output/sink_factory.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lxcmon::push {

/// The delay between a tick and sending. It depends on the host name only, so the hosts of a fleet spread
/// evenly over --send-jitter; at most a quarter of the interval.
[[nodiscard]] std::chrono::milliseconds send_offset(const Config& config);

/// The settings of the queue, with the times that depend on the interval and the host.
[[nodiscard]] deliver::QueueSettings queue_settings(const Config& config);

/// All targets: servers, several with --influx-mode all; the JSON file and the CSV files beside them or
/// alone. Each has a queue and a thread of its own: one that fails costs the others nothing.
class TargetGroup {
  public:
    /// Does not connect yet. Throws app::BadSetting.
    explicit TargetGroup(const Config& config);

    /// Starts all that can be started. Throws spool::SpoolHeld if another agent uses a spool; the call may be
    /// repeated.
    void start();
    /// Each target that is fed with this copies the batch.
    void push(const Batch& batch, Feed feed);
    [[nodiscard]] bool has(Feed feed) const noexcept;

    /// Stops all targets in parallel, finally. Returns the largest number of lines that one target has lost.
    [[nodiscard]] deliver::Target::Stopped stop(std::chrono::milliseconds grace);
    /// The disk of a spool does not answer.
    [[nodiscard]] bool hangs() const;

    /// For use without start(), see Target::deliver_now(). Logs undelivered points. True if there are none.
    [[nodiscard]] bool deliver_now(std::chrono::milliseconds limit, unsigned tries);

    /// Sums over all targets. last_status is from the first target with a problem, otherwise from the first.
    [[nodiscard]] deliver::Target::Status status() const;
    /// One line for each target with a problem.
    [[nodiscard]] std::vector<std::string> troubles() const;

    /// The settings of the constructor.
    [[nodiscard]] const DestinationSettings& settings() const noexcept { return settings_; }

    [[nodiscard]] std::string name() const;

  private:
    [[nodiscard]] std::string take_spool_folder(std::size_t number);
    void make_spool_folder() const;
    void warn_of_other_spools() const;

    struct Fed {
        std::unique_ptr<deliver::Target> target;
        Feed feed;
        bool is_beside;
    };
    std::vector<Fed> targets_;
    DestinationSettings settings_;
    std::set<std::string> spools_; ///< the folders in use
    std::string owner_; ///< URL whose points are directly in settings_.spool.folder; empty: no spool
};

} // namespace lxcmon::push
