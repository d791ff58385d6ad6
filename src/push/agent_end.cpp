// SPDX-License-Identifier: GPL-2.0-or-later
// The ends of the agent: after one sample, or by a signal or an error of its own. Then each step is tried,
// even if the one before failed.
#include "push/agent.hpp"

#include "app/helper_watch.hpp"
#include "io/clock.hpp"
#include "io/worker_process.hpp"
#include "text/counted.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <exception>

namespace lxcmon::push {
namespace {

constexpr std::chrono::seconds once_limit{30};
constexpr unsigned once_tries = 2;

/// False if the step fails.
template <typename Step>
bool attempt(const char* what, const Step& step) noexcept {
    try {
        step();
        return true;
    } catch (const std::exception& error) {
        spdlog::error("stopping: {}: {}", what, error.what());
        return false;
    }
}

} // namespace

/// Without a server, nobody else would hear of the sample.
void Agent::note_written(bool delivered) const {
    if (!delivered || config_.destinations.writes_to_stdout() || config_.destinations.has_server())
        return;
    spdlog::info("one sample of {} is written to {}; --influx-url is not set, so no server gets it",
                 text::counted(collector_->table.containers().size(), "container"), targets_->name());
}

int Agent::run_once() {
    const std::int64_t tick_ns =
        io::TickGrid::floor(io::now_ns(CLOCK_REALTIME), config_.collect.interval.count());
    feeds_->begin_tick();
    collector_->collect_twice(tick_ns, [](const PointBuffer&) {});
    if (exporter_)
        exporter_->begin();
    encode(collector_->points);
    feeds_->end_tick(process_costs(io::WorkerProcess::running()));
    flush();
    if (exporter_)
        exporter_->end();
    bool delivered = targets_->deliver_now(once_limit, once_tries);
    delivered &= !exporter_ || exporter_->finish(false, once_limit);
    const bool nothing_seen = collector_->table.containers().empty();
    if (nothing_seen)
        spdlog::warn("no container can be sampled");
    note_written(delivered);
    const bool something_hidden = collector_->table.left_out() > 0 || !collector_->table.faults().empty();
    return delivered && !something_hidden ? 0 : 1;
}

int Agent::stop(const char* error) noexcept {
    if (error != nullptr)
        spdlog::critical("the agent ends because of an error: {}", error);
    bool is_good = attempt("the last points of the memory", [this] { flush(); });
    attempt("the status for systemd", [this] {
        service_.stopping(
            fmt::format("stopping: {} not delivered yet", text::counted(status().queue_points, "point")));
    });
    attempt("the metrics for Prometheus", [this] {
        if (exporter_)
            exporter_->finish(true, exporter_grace);
    });
    is_good &= attempt("the last delivery", [this] {
        const std::size_t lost = end_targets(reader_is_gone_ ? std::chrono::milliseconds(0) : stop_grace);
        lost_lines_ += reader_is_gone_ ? 0 : lost;
    });
    attempt("the helpers", [] { app::report_helpers_at_end(); });
    attempt("the summary", [this] { log_totals(); });
    return error == nullptr && is_good && lost_lines_ == 0 ? 0 : 1;
}

std::size_t Agent::end_targets(std::chrono::milliseconds grace) {
    const auto stopped = targets_->stop(grace);
    if (!stopped.hangs)
        return stopped.lost_lines;
    spdlog::critical("the disk of the spool does not answer; exiting without it, {} lost",
                     text::counted(stopped.lost_lines, "point"));
    spdlog::default_logger()->flush();
    ::_exit(1); // the only way to end a thread that waits for a disk
}

void Agent::log_totals() const {
    const deliver::Target::Status status = this->status();
    if (lost_lines_ > 0)
        spdlog::error("{} not delivered and lost", text::counted(lost_lines_, "point"));
    spdlog::info("stopped: {} delivered, {} rejected, {} dropped, {} left in the spool, {} missed",
                 text::counted(status.counts.delivered_points, "point"), status.counts.rejected_points,
                 status.counts.dropped_points, status.spool_points,
                 text::counted(static_cast<std::uint64_t>(metrics_.missed_ticks), "tick"));
}

} // namespace lxcmon::push
