#include "agent.hpp"

#include "io/clock.hpp"
#include "io/signal_fd.hpp"
#include "io/tick_timer.hpp"

#include <fmt/ranges.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>
#include <utility>

namespace lxcmon {
namespace {

constexpr std::chrono::seconds stop_grace{5};
constexpr std::chrono::seconds once_limit{30};
constexpr unsigned once_tries = 2;

bool writes_to_stdout(const Config& config) noexcept {
    return config.dry_run || (config.influx_url.empty() && config.json_file == "-");
}

} // namespace

Agent::Agent(const Config& config)
    : config_(config)
    , collector_(config)
    , destination_(make_destination(config))
    , batcher_(destination_.format, config.batch_lines)
    , queue_(config.queue_max_bytes)
    , sender_(queue_, *destination_.sink) {}

void Agent::tick(std::int64_t tick_ns) {
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    collector_.collect(tick_ns); // discover, sample
    encode(tick_ns);             // encode, queue; delivery goes on in its own thread
    metrics_.containers = collector_.table.containers().size();
    metrics_.points = collector_.points.size();
    metrics_.sample_errors += collector_.troubled;
    metrics_.tick_usec = (io::now_ns(CLOCK_MONOTONIC) - begin_ns) / 1000;
    spdlog::debug("tick: {} containers, {} points, {} us", metrics_.containers, metrics_.points,
                  metrics_.tick_usec);
    note_dropped();
}

void Agent::try_tick(std::int64_t tick_ns) {
    try {
        tick(tick_ns);
        if (std::exchange(failing_, false))
            spdlog::info("ticks succeed again");
    } catch (const std::exception& error) {
        ++metrics_.missed_ticks;
        if (!std::exchange(failing_, true))
            spdlog::error("a tick failed and is left out: {}", error.what());
    }
}

void Agent::encode(std::int64_t tick_ns) {
    for (std::size_t index = 0; index < collector_.points.size(); ++index)
        if (auto full = batcher_.add(collector_.points[index]))
            push(std::move(*full));
    if (tick_ns - last_flush_ns_ < config_.flush_interval.count() && tick_ns >= last_flush_ns_)
        return;
    last_flush_ns_ = tick_ns;
    if (auto rest = batcher_.finish())
        push(std::move(*rest));
}

void Agent::push(Batch batch) {
    static_cast<void>(queue_.push(std::move(batch)));
}

void Agent::note_missed(std::int64_t missed) {
    metrics_.missed_ticks += missed;
    if (missed > 0 && !std::exchange(missing_, true))
        spdlog::warn(
            "{} ticks came too late and were left out: the host is overloaded, or the interval too short",
            missed);
    else if (missed == 0 && std::exchange(missing_, false))
        spdlog::info("ticks are on time again; {} left out since the start", metrics_.missed_ticks);
}

void Agent::note_dropped() {
    const std::uint64_t before = std::exchange(dropped_lines_, queue_.dropped_lines());
    if (dropped_lines_ > before && !std::exchange(dropping_, true))
        spdlog::error(
            "the queue of undelivered points is full ({} bytes, --queue-max-size): the oldest are dropped",
            config_.queue_max_bytes);
    else if (dropped_lines_ == before && std::exchange(dropping_, false))
        spdlog::info("no points are dropped any more; {} since the start", dropped_lines_);
}

int Agent::run() {
    io::SignalFd signals({SIGTERM, SIGINT, SIGHUP});
    io::TickTimer timer(config_.interval.count());
    sender_.start();
    spdlog::info("lxcmon-push {}: containers of {} (cgroup {}) to {}, every {} s", LXCMON_VERSION,
                 fmt::join(collector_.table.lxcpaths(), ", "), collector_.sampler.cgroup_version(),
                 destination_.sink->name(), std::chrono::duration<double>(config_.interval).count());
    // The third one tells, by POLLERR alone, that a reader of our output has gone (--dry-run | head).
    const int output = writes_to_stdout(config_) ? STDOUT_FILENO : -1;
    std::array<pollfd, 3> wait{{{timer.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}, {output, 0, 0}}};
    for (;;) {
        if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "poll");
        if ((wait[1].revents & POLLIN) != 0) {
            spdlog::info("{}: stopping", signals.read_name());
            return stop(stop_grace);
        }
        if ((wait[2].revents & POLLERR) != 0) {
            spdlog::info("nobody reads standard output any more: stopping");
            return stop({});
        }
        if ((wait[0].revents & POLLIN) == 0)
            continue;
        const io::TickGrid::Step step = timer.expired();
        if (step.tick_ns)
            try_tick(*step.tick_ns);
        if (step.tick_ns || step.missed > 0)
            note_missed(step.missed);
    }
}

int Agent::stop(std::chrono::milliseconds grace) {
    if (auto rest = batcher_.finish())
        push(std::move(*rest));
    const std::size_t left = sender_.stop(grace);
    const deliver::Counts counts = sender_.counts();
    if (left > 0)
        spdlog::error("{} points were not delivered and are lost", left);
    spdlog::info("stopped: {} points delivered, {} rejected, {} dropped, {} ticks missed",
                 counts.delivered_points, counts.rejected_points, counts.dropped_points,
                 metrics_.missed_ticks);
    return 0;
}

int Agent::run_once() {
    const std::int64_t tick_ns = io::TickGrid::floor(io::now_ns(CLOCK_REALTIME), config_.interval.count());
    collector_.collect_twice(tick_ns, [](const PointBuffer&) {});
    encode(tick_ns);
    if (auto rest = batcher_.finish())
        push(std::move(*rest));
    const auto drained = sender_.drain(once_limit, once_tries);
    const deliver::Counts counts = sender_.counts();
    if (drained.lines_left > 0)
        spdlog::error("{} points were not delivered: {}", drained.lines_left, drained.why);
    const bool nothing_seen = collector_.table.containers().empty();
    if (nothing_seen)
        spdlog::warn("no containers are there that can be sampled");
    const bool something_hidden = collector_.table.left_out() > 0 || !collector_.table.faults().empty();
    const bool delivered =
        drained.lines_left == 0 && counts.rejected_points == 0 && counts.dropped_points == 0;
    return delivered && !(nothing_seen && something_hidden) ? 0 : 1;
}

} // namespace lxcmon
