// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/agent.hpp"

#include "app/helper_watch.hpp"
#include "io/clock.hpp"
#include "io/worker_process.hpp"
#include "push/status_line.hpp"
#include "text/counted.hpp"

#include <fmt/ranges.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

namespace lxcmon::push {
namespace {

constexpr std::chrono::minutes remind_every{1};
/// A turn of the main loop that fails costs no tick if the next one works.
constexpr std::chrono::milliseconds turn_pause{10};
/// After that the agent ends, and systemd starts it again.
constexpr std::chrono::seconds turn_patience{10};

} // namespace

Agent::Agent(const Config& config, ReadSettings read_settings)
    : config_(config)
    , read_settings_(std::move(read_settings))
    , collector_(std::make_unique<app::Collector>(config.collect))
    , targets_(std::make_unique<TargetGroup>(config))
    , feeds_(std::make_unique<Feeds>(config, *targets_))
    , exporter_(Exporter::make(config)) {
    warn_of_insecure(config.destinations);
}

void Agent::tick(std::int64_t tick_ns) {
    const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
    delay_.begin_tick();
    if (exporter_)
        exporter_->begin();
    feeds_->begin_tick();
    std::size_t encoded = 0;
    collector_->collect(tick_ns, [this, &encoded](PointBuffer& points) { // discover, sample, encode
        encoded += points.size();
        encode(points);
    });
    for (const auto& [what, nsec] : collector_->times())
        delay_.add(what, nsec);
    const std::int64_t collected_ns = io::now_ns(CLOCK_MONOTONIC);
    metrics_.containers = collector_->table.containers().size();
    metrics_.points = encoded + collector_->points.size();
    metrics_.sample_errors += collector_->troubled;
    const deliver::Target::Status status = this->status();
    const ProcessCosts costs = process_costs(io::WorkerProcess::running());
    add_self_point(metrics_, status, costs, config_.collect, collector_->sampler.timestamp_now(),
                   collector_->points);
    encode(collector_->points);
    if (exporter_)
        exporter_->end();
    feeds_->end_tick(costs);
    flush_when_due(tick_ns); // to the queue; threads of the targets deliver
    const std::int64_t end_ns = io::now_ns(CLOCK_MONOTONIC);
    delay_.add("handing the points over to delivery", end_ns - collected_ns);
    metrics_.tick_usec = (end_ns - begin_ns) / 1000;
    spdlog::debug("tick {}: {} containers, {} points, {} us", tick_ns, metrics_.containers, metrics_.points,
                  *metrics_.tick_usec);
    note_dropped(status);
    remind(status);
    if (service_.is_enabled())
        status_line_ = status_line(config_.destinations, metrics_.containers, collector_->troubled, status,
                                   std::time(nullptr));
    if (!delivering_)
        resume_delivery();
}

void Agent::try_tick(std::int64_t tick_ns) {
    try {
        tick(tick_ns);
        if (std::exchange(failing_, false))
            spdlog::info("ticks work again");
    } catch (const std::exception& error) {
        ++metrics_.missed_ticks;
        if (!std::exchange(failing_, true))
            spdlog::error("a tick failed and was skipped: {}", error.what());
        status_line_ = std::string("a tick failed and was skipped: ") + error.what();
    }
}

/// Empties `points`. If the tick fails later, the points encoded so far are still delivered: they are valid.
void Agent::encode(PointBuffer& points) {
    for (std::size_t index = 0; index < points.size(); ++index) {
        feeds_->add(points[index], *targets_);
        if (exporter_)
            exporter_->add(points[index]);
    }
    points.clear();
}

void Agent::flush_when_due(std::int64_t tick_ns) {
    if (tick_ns - last_flush_ns_ < config_.flush_interval.count() && tick_ns >= last_flush_ns_)
        return;
    last_flush_ns_ = tick_ns;
    flush();
}

void Agent::flush() {
    feeds_->flush(*targets_);
}

void Agent::note_missed(std::int64_t missed, const std::string& reason) {
    metrics_.missed_ticks += missed;
    if (missed > 0 && !std::exchange(missing_, true))
        spdlog::warn("{} late and skipped: {}", text::counted(static_cast<std::uint64_t>(missed), "tick"),
                     reason);
    else if (missed == 0 && std::exchange(missing_, false))
        spdlog::info("ticks are on time again; {} missed since the start", metrics_.missed_ticks);
}

void Agent::note_dropped(const deliver::Target::Status& status) {
    const std::uint64_t before = std::exchange(dropped_lines_, status.dropped_in_memory);
    if (dropped_lines_ > before && !std::exchange(dropping_, true))
        spdlog::error("the memory for undelivered points is full ({} bytes, --queue-max-size): the oldest "
                      "points are dropped",
                      config_.destinations.queue.limit_bytes);
    else if (dropped_lines_ == before && std::exchange(dropping_, false))
        spdlog::info("points are no longer dropped from memory; {} dropped since the start", dropped_lines_);
}

/// Logs each persisting problem once a minute. Other code logs its beginning and its end.
void Agent::remind(const deliver::Target::Status& status) {
    const auto now = std::chrono::steady_clock::now();
    if (status.trouble.empty())
        reminded_at_ = now;
    if (now - reminded_at_ < remind_every)
        return;
    reminded_at_ = now;
    for (const std::string& trouble : targets_->troubles())
        spdlog::warn("problem persists: {}", trouble);
}

void Agent::start() {
    app::report_earlier_helpers();
    targets_->start();
    spdlog::info("lxcmon-push {}: sampling the containers in {} (cgroup {}), delivering to {}, every {} s",
                 LXCMON_VERSION, fmt::join(collector_->table.lxcpaths(), ", "),
                 collector_->sampler.cgroup_version(), targets_->name(),
                 std::chrono::duration<double>(config_.collect.interval).count());
    if (const std::string trouble = collector_->sampler.cgroup_trouble(); !trouble.empty())
        spdlog::warn("cgroup {}: {}", collector_->sampler.cgroup_version(), trouble);
    if (!config_.destinations.dry_run && !config_.destinations.has_server())
        spdlog::info("--influx-url is not set: points are written to {} only", targets_->name());
}

int Agent::run() {
    io::SignalFd signals({SIGTERM, SIGINT, SIGHUP, SIGCONT});
    start();
    try {
        collector_->find_containers();
        timer_.emplace(config_.collect.interval.count());
        named_at_ = std::chrono::steady_clock::now();
        reminded_at_ = std::chrono::steady_clock::now();
        service_.ready();
        delay_.end(io::now_ns(CLOCK_MONOTONIC));
        Turn turn = Turn::go_on;
        while (turn == Turn::go_on)
            turn = try_turn(signals);
        return stop();
    } catch (const std::exception& error) {
        return stop(error.what());
    }
}

Agent::Turn Agent::try_turn(io::SignalFd& signals) {
    try {
        const Turn result = turn(signals);
        if (std::exchange(turns_fail_since_, std::nullopt))
            spdlog::info("the main loop works again");
        return result;
    } catch (const std::exception& error) {
        const auto now = std::chrono::steady_clock::now();
        if (!turns_fail_since_) {
            turns_fail_since_ = now;
            spdlog::error("the main loop fails and is tried again: {}", error.what());
        }
        if (now - *turns_fail_since_ >= turn_patience)
            throw;
        std::this_thread::sleep_for(turn_pause);
        return Turn::go_on;
    }
}

Agent::Turn Agent::turn(io::SignalFd& signals) {
    timer_->keep_armed();
    service_.alive(status_line_);
    // The third entry reports only POLLERR: the reader of our output has exited (--dry-run | head).
    const int output = config_.writes_to_stdout() ? STDOUT_FILENO : -1;
    std::array<pollfd, 3> wait{{{timer_->fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}, {output, 0, 0}}};
    if (::poll(wait.data(), wait.size(), service_.wait_msec()) < 0 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "poll");
    if ((wait[1].revents & POLLIN) != 0 && !handle_signal(signals.read_name()))
        return Turn::stop;
    if ((wait[2].revents & POLLERR) != 0) {
        spdlog::info("the reader of standard output has exited: stopping");
        reader_is_gone_ = config_.destinations.writes_to_stdout();
        return Turn::stop;
    }
    if ((wait[0].revents & POLLIN) == 0)
        return Turn::go_on;
    const io::TickGrid::Step step = timer_->expired();
    const std::string reason =
        step.missed > 0 ? delay_.explain(step.late_ns, io::now_ns(CLOCK_MONOTONIC)) : "";
    delay_.forget_continued();
    follow_host_name();
    if (step.tick_ns)
        try_tick(*step.tick_ns);
    if (step.tick_ns || step.missed > 0)
        note_missed(step.missed, reason);
    delay_.end(io::now_ns(CLOCK_MONOTONIC));
    return Turn::go_on;
}

/// False if the agent must stop.
bool Agent::handle_signal(const std::string& name) {
    if (name.empty())
        return true;
    if (name == "SIGCONT") {
        delay_.note_continued();
        return true;
    }
    if (name == "SIGHUP" && read_settings_) {
        const std::int64_t begin_ns = io::now_ns(CLOCK_MONOTONIC);
        service_.reloading();
        reload();
        service_.ready();
        const std::int64_t end_ns = io::now_ns(CLOCK_MONOTONIC);
        delay_.add("reading the settings again", end_ns - begin_ns);
        delay_.end(end_ns);
        return true;
    }
    spdlog::info("received {}: stopping", name);
    return false;
}

/// Includes the counts of targets that a change of settings has replaced.
deliver::Target::Status Agent::status() const {
    deliver::Target::Status status = targets_->status();
    status.counts.add(counted_before_);
    return status;
}

} // namespace lxcmon::push
