// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"
#include "model/readings.hpp"
#include "sample/guard/fault.hpp"
#include "sample/guard/schedule.hpp"
#include "sample/guard/time_budget.hpp"
#include "sample/helper/client.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace lxcmon::sample {

/// The process counts of one tick. When the budget is spent, by one container that hangs or several slow
/// ones, the remaining containers are skipped in this tick.
struct CountPass {
    NamespaceHelper& helper;
    TimeBudget budget;
};

/// Counts the processes of one start of a container and finds the start time of its init. Decides when to ask
/// the helper, pauses after hangs, and logs each problem once. Sampling thread only; the times are passed in.
class ProcessCounter {
  public:
    using Outcome = NamespaceHelper::Outcome;

    /// The same for all containers.
    struct Wanted {
        bool count = true;
        bool start = false; ///< start time of init, found once
        /// Between two counts while the number of threads stays the same; see StaggeredSchedule.
        std::chrono::nanoseconds interval{0};
    };
    ProcessCounter(const Container& container, Wanted wanted);

    /// If a count is due at the tick of `wall_ns`, asks the helper and waits for the answer. `readings` must
    /// have lxc_pids.threads, if known, and receives lxc_pids.processes.
    void sample(CountPass& pass, const Container& container, std::int64_t wall_ns, Readings& readings);

    struct Now {
        std::int64_t wall_ns = 0, monotonic_ns = 0;
        std::optional<std::int64_t> threads; ///< of this tick
    };
    /// Fills in the request. Returns false if nothing is due.
    [[nodiscard]] bool prepare(NamespaceRequest& request, const Now& now) noexcept;
    /// Takes the answer to the last prepared request. `now` is that of prepare(), except that monotonic_ns is
    /// the time of the answer. `hang` is used for Outcome::hung only.
    void take(Outcome outcome, const CountReply& reply, const HangPlace& hang, const Now& now,
              Readings& readings);

    /// Whether a count was due at the last tick and skipped for lack of time.
    [[nodiscard]] bool was_left_out() const noexcept { return was_left_out_; }
    /// Whether the last result is complete.
    [[nodiscard]] bool is_well() const noexcept {
        return fault_.is_none() && !is_hanging_ && !was_left_out_ && !is_unavailable_;
    }
    /// Whether a count has hung or been slow. Such containers are sampled last.
    [[nodiscard]] bool may_hang() const noexcept { return has_hung_ || logged_slow_; }

    /// Start time of init in clock ticks since boot, once known.
    [[nodiscard]] std::optional<std::int64_t> start_ticks() const noexcept { return start_ticks_; }

  private:
    void take_hang(const HangPlace& hang, std::int64_t monotonic_ns);
    void take_count(const CountReply& reply, const Now& now, Readings& readings);

    std::string subject_;
    std::string place_; ///< see NamespaceHelper::Request::subject
    Wanted wanted_;
    StaggeredSchedule schedule_;
    bool asked_count_ = false;
    std::optional<std::int64_t> counted_threads_; ///< number of threads at the last count
    std::int64_t again_ns_ = INT64_MIN;           ///< end of a pause, CLOCK_MONOTONIC
    std::optional<std::int64_t> start_ticks_;
    Fault fault_;
    bool was_left_out_ = false, has_hung_ = false, is_hanging_ = false, logged_slow_ = false;
    bool is_unavailable_ = false; ///< no helper could be started for the last count
};

} // namespace lxcmon::sample
