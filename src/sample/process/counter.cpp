#include "sample/process/counter.hpp"

#include "io/clock.hpp"
#include "sample/guard/pauses.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <utility>

namespace lxcmon::sample {

ProcessCounter::ProcessCounter(const Container& container, Wanted wanted)
    : who_("container " + container.name)
    , wanted_(wanted)
    , turn_(container.id) {}

void ProcessCounter::sample(CountPass& round, const Container& container, std::int64_t wall_ns,
                            Readings& readings) {
    Now now{wall_ns, io::now_ns(CLOCK_MONOTONIC), readings.integer(field_id("lxc_pids", "threads"))};
    NamespaceHelper::Request request;
    request.ask.init_pid = container.init_pid;
    request.init_pidfd = container.init_pidfd.get();
    const bool is_due = prepare(request.ask, now);
    was_left_out_ = is_due && round.budget.is_spent();
    if (!is_due || was_left_out_)
        return;
    CountReply reply;
    const Outcome outcome = round.helper.scan_processes(request, reply);
    const std::int64_t end_ns = io::now_ns(CLOCK_MONOTONIC);
    round.budget.spend(end_ns - now.monotonic_ns);
    now.monotonic_ns = end_ns;
    take(outcome, reply, round.helper.hang(), now, readings);
}

bool ProcessCounter::prepare(NamespaceRequest& request, const Now& now) noexcept {
    const bool may_ask = now.monotonic_ns >= again_ns_;
    // Each process is a thread, too: one that comes or goes shows there, but where a thread takes its place.
    const bool may_differ =
        !now.threads || now.threads != counted_threads_ || turn_.is_due(now.wall_ns, wanted_.interval);
    asked_count_ = may_ask && wanted_.count && may_differ;
    request.scan = Scan::processes;
    request.want_processes = asked_count_;
    request.want_start = may_ask && wanted_.start && !start_ticks_;
    return request.want_processes || request.want_start;
}

void ProcessCounter::take(Outcome outcome, const CountReply& reply, const HangPlace& hang, const Now& now,
                          Readings& readings) {
    if (outcome == Outcome::hung)
        return take_hang(hang, now.monotonic_ns);
    if (outcome == Outcome::broken)
        return fault_.set(who_, "the helper process ended while it counted its processes: their number is "
                                "left out this time");
    if (reply.error == ESRCH)
        return; // ended: the sampler sees that
    fault_.clear();
    if (std::exchange(is_hanging_, false))
        spdlog::info("{}: its /proc answers again", who_);
    if (reply.start_ticks >= 0)
        start_ticks_ = reply.start_ticks;
    if (asked_count_)
        take_count(reply, now, readings);
}

void ProcessCounter::take_hang(const HangPlace& hang, std::int64_t monotonic_ns) {
    has_hung_ = true;
    if (hang.stage == Stage::unknown)
        return fault_.set(who_, "the helper process did not get to it in time (is this machine overloaded?): "
                                "the number of its processes is left out this time");
    again_ns_ = monotonic_ns + hang_pause_ns;
    if (!std::exchange(is_hanging_, true))
        spdlog::warn("{}: reading what /proc says of its processes did not end in time; their "
                     "number is left out for 5 minutes",
                     who_);
}

void ProcessCounter::take_count(const CountReply& reply, const Now& now, Readings& readings) {
    turn_.take(now.wall_ns);
    counted_threads_ = now.threads;
    if (reply.processes >= 0)
        readings.set(field_id("lxc_pids", "processes"), reply.processes);
    if (reply.processes_nsec <= slow_nsec)
        return; // also one that takes its time and turns out to be no procfs is asked seldom
    again_ns_ = now.monotonic_ns + slow_pause_ns;
    if (!std::exchange(said_slow_, true))
        spdlog::warn("{}: counting its processes in its /proc took {} ms; they are counted once a "
                     "minute while that lasts",
                     who_, reply.processes_nsec / 1'000'000);
}

} // namespace lxcmon::sample
