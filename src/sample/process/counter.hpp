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

/// One tick's questions about processes. A container that hangs costs a deadline, and one of these is enough,
/// as are several that are slow: nobody else is asked then in this tick.
struct CountPass {
    NamespaceHelper& helper;
    TimeBudget budget;
};

/// The number of processes of one start of a container, and when its init began: what is asked of the helper,
/// what is left alone, and what has been said. Sampling thread only; the times are passed in.
class ProcessCounter {
  public:
    using Outcome = NamespaceHelper::Outcome;

    /// What is wanted of every container.
    struct Wanted {
        bool count = true;
        bool start = false;                   ///< once, when init began
        std::chrono::nanoseconds interval{0}; ///< between two counts while the threads are as many; see Turn
    };
    ProcessCounter(const Container& container, Wanted wanted);

    /// Asks where that is due by lxc_pids.threads, which `readings` has, at the tick of `wall_ns`, and waits
    /// for the answer; `readings` gets lxc_pids.processes.
    void sample(CountPass& round, const Container& container, std::int64_t wall_ns, Readings& readings);

    struct Now {
        std::int64_t wall_ns = 0, monotonic_ns = 0;
        std::optional<std::int64_t> threads; ///< of this tick
    };
    /// Writes into the request what is to be looked at now. Returns whether there is something.
    [[nodiscard]] bool prepare(NamespaceRequest& request, const Now& now) noexcept;
    /// Takes the answer to the last request prepared, `now` being what it was then but for the monotonic
    /// time. `hang` counts with Outcome::hung.
    void take(Outcome outcome, const CountReply& reply, const HangPlace& hang, const Now& now,
              Readings& readings);

    /// Whether it was due at the last tick, and no time was left in that.
    [[nodiscard]] bool was_left_out() const noexcept { return was_left_out_; }
    /// Whether nothing keeps the figures from being whole.
    [[nodiscard]] bool is_well() const noexcept { return fault_.is_none() && !is_hanging_ && !was_left_out_; }
    /// Whether it has hung, or has been slow: it is asked behind the others.
    [[nodiscard]] bool may_hang() const noexcept { return has_hung_ || said_slow_; }

    /// When init began, in clock ticks since boot; nothing while that is not known.
    [[nodiscard]] std::optional<std::int64_t> start_ticks() const noexcept { return start_ticks_; }

  private:
    void take_hang(const HangPlace& hang, std::int64_t monotonic_ns);
    void take_count(const CountReply& reply, const Now& now, Readings& readings);

    std::string who_;
    Wanted wanted_;
    StaggeredSchedule turn_;
    bool asked_count_ = false;
    std::optional<std::int64_t> counted_threads_; ///< when the processes were last counted
    std::int64_t again_ns_ = INT64_MIN;           ///< CLOCK_MONOTONIC before which nothing is asked
    std::optional<std::int64_t> start_ticks_;
    Fault fault_;
    bool was_left_out_ = false, has_hung_ = false, is_hanging_ = false, said_slow_ = false;
};

} // namespace lxcmon::sample
