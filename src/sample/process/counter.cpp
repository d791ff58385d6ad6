// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/process/counter.hpp"

#include "io/clock.hpp"
#include "sample/guard/pauses.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <utility>

namespace lxcmon::sample {

ProcessCounter::ProcessCounter(const Container& container, Wanted wanted)
    : subject_("container " + container.name)
    , place_(place_of(container))
    , wanted_(wanted)
    , schedule_(container.id) {}

void ProcessCounter::sample(CountPass& pass, const Container& container, std::int64_t wall_ns,
                            Readings& readings) {
    Now now{wall_ns, io::now_ns(CLOCK_MONOTONIC), readings.integer(field_id("lxc_pids", "threads"))};
    NamespaceHelper::Request request;
    request.ask.init_pid = container.init_pid;
    request.init_pidfd = container.init_pidfd.get();
    request.subject = place_;
    const bool is_due = prepare(request.ask, now);
    was_left_out_ = is_due && pass.budget.is_spent();
    if (!is_due || was_left_out_)
        return;
    CountReply reply;
    const Outcome outcome = pass.helper.scan_processes(request, reply);
    const std::int64_t end_ns = io::now_ns(CLOCK_MONOTONIC);
    pass.budget.spend(end_ns - now.monotonic_ns);
    now.monotonic_ns = end_ns;
    take(outcome, reply, pass.helper.hang(), now, readings);
}

bool ProcessCounter::prepare(NamespaceRequest& request, const Now& now) noexcept {
    const bool may_ask =
        now.monotonic_ns >= again_ns_ && !io::WorkerProcess::is_blocked(place_, part_processes);
    // Each process has a thread, so a started or ended process changes the number of threads, unless another
    // thread makes up for it.
    const bool may_differ =
        !now.threads || now.threads != counted_threads_ || schedule_.is_due(now.wall_ns, wanted_.interval);
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
    is_unavailable_ = outcome == Outcome::unavailable;
    if (is_unavailable_)
        return;
    if (outcome == Outcome::broken)
        return fault_.set(
            subject_,
            "the helper process ended while counting its processes; their number is left out of this sample");
    if (reply.error == ESRCH)
        return; // init has ended: the sampler handles that
    fault_.clear();
    if (std::exchange(is_hanging_, false))
        spdlog::info("{}: its /proc answers again", subject_);
    if (reply.start_ticks >= 0)
        start_ticks_ = reply.start_ticks;
    if (asked_count_)
        take_count(reply, now, readings);
}

void ProcessCounter::take_hang(const HangPlace& hang, std::int64_t monotonic_ns) {
    has_hung_ = true;
    if (hang.stage == Stage::unknown)
        return fault_.set(subject_, "the helper process did not get to it in time (is the host overloaded?); "
                                    "the number of its processes is left out of this sample");
    again_ns_ = monotonic_ns + hang_pause_ns;
    if (!std::exchange(is_hanging_, true))
        spdlog::warn("{}: reading its /proc timed out; the number of its processes is left out for 5 minutes",
                     subject_);
}

void ProcessCounter::take_count(const CountReply& reply, const Now& now, Readings& readings) {
    schedule_.take(now.wall_ns);
    counted_threads_ = now.threads;
    if (reply.processes >= 0)
        readings.set(field_id("lxc_pids", "processes"), reply.processes);
    if (reply.processes_nsec <= slow_nsec)
        return; // a slow /proc that is no procfs is read seldom, too
    again_ns_ = now.monotonic_ns + slow_pause_ns;
    if (!std::exchange(logged_slow_, true))
        spdlog::warn("{}: counting its processes in its /proc took {} ms; while it stays slow, they are "
                     "counted once a minute",
                     subject_, reply.processes_nsec / 1'000'000);
}

} // namespace lxcmon::sample
