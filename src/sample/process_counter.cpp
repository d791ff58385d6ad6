#include "sample/process_counter.hpp"

#include "io/clock.hpp"
#include "sample/pauses.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <utility>

namespace lxcmon::sample {

ProcessCounter::ProcessCounter(const std::string& container_name, Wanted wanted)
    : who_("container " + container_name)
    , wanted_(wanted) {}

void ProcessCounter::sample(CountRound& round, const Container& container, Readings& readings) {
    NamespaceHelper::Request request;
    request.ask.init_pid = container.init_pid;
    request.init_pidfd = container.init_pidfd.get();
    if (round.has_hung || !prepare(request.ask, io::now_ns(CLOCK_MONOTONIC)))
        return;
    CountReply reply;
    const Outcome outcome = round.helper.look_at_processes(request, reply);
    round.has_hung = outcome == Outcome::hung;
    take(outcome, reply, round.helper.hang(), io::now_ns(CLOCK_MONOTONIC), readings);
}

bool ProcessCounter::prepare(NamespaceRequest& request, std::int64_t monotonic_ns) const noexcept {
    request.look = Look::processes;
    const bool may_ask = monotonic_ns >= again_ns_;
    request.want_processes = may_ask && wanted_.count;
    request.want_start = may_ask && wanted_.start && !start_ticks_;
    return request.want_processes || request.want_start;
}

void ProcessCounter::take(Outcome outcome, const CountReply& reply, const HangPlace& hang,
                          std::int64_t monotonic_ns, Readings& readings) {
    if (outcome == Outcome::hung)
        return take_hang(hang, monotonic_ns);
    if (outcome == Outcome::broken)
        return fault_.set(who_, "the helper process ended while it counted its processes: their number is "
                                "left out this time");
    if (reply.error == ESRCH)
        return; // ended: the sampler sees that
    fault_.clear();
    take_answer(reply, monotonic_ns, readings);
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

void ProcessCounter::take_answer(const CountReply& reply, std::int64_t monotonic_ns, Readings& readings) {
    if (reply.start_ticks >= 0)
        start_ticks_ = reply.start_ticks;
    if (reply.processes >= 0) {
        readings.set(field_id("lxc_pids", "processes"), reply.processes);
        if (std::exchange(is_hanging_, false))
            spdlog::info("{}: its processes can be counted again", who_);
    } else {
        // Looked at all the same: its /proc is another thing now.
        is_hanging_ = is_hanging_ && reply.processes_nsec == 0;
    }
    if (reply.processes_nsec <= slow_nsec)
        return; // also one that takes its time and turns out to be no procfs is asked seldom
    again_ns_ = monotonic_ns + slow_pause_ns;
    if (!std::exchange(said_slow_, true))
        spdlog::warn("{}: counting its processes in its /proc took {} ms; they are counted once a "
                     "minute while that lasts",
                     who_, reply.processes_nsec / 1'000'000);
}

} // namespace lxcmon::sample
