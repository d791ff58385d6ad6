// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/local/snapshots.hpp"

#include "io/clock.hpp"
#include "io/worker_process.hpp"
#include "push/local/held_ticks.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace lxcmon::push {
namespace {

double online_cpus() noexcept {
    return static_cast<double>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

} // namespace

std::unique_ptr<Snapshots> Snapshots::make(const Config& config) {
    return config.destinations.has_snapshots() ? std::make_unique<Snapshots>(config) : nullptr;
}

Snapshots::Snapshots(const Config& config)
    : monitor_(held_ticks(config.collect), config.collect.selection(), online_cpus())
    , cpu_usec_(process_costs(io::WorkerProcess::running()).cpu_usec.value_or(0))
    , cpu_at_ns_(io::now_ns(CLOCK_MONOTONIC)) {}

void Snapshots::begin() {
    begin_ns_ = io::now_ns(CLOCK_REALTIME);
    begin_monotonic_ns_ = io::now_ns(CLOCK_MONOTONIC);
    monitor_.begin();
}

void Snapshots::end(const ProcessCosts& costs) {
    constexpr double nsec_per_sec = 1e9;
    constexpr double percent_of_nsec = 1000.0 * 100.0; // of a microsecond
    const std::int64_t now_ns = io::now_ns(CLOCK_MONOTONIC);
    encode::SnapshotSummary summary;
    summary.begin_ns = begin_ns_;
    summary.end_ns = io::now_ns(CLOCK_REALTIME);
    summary.duration_sec = static_cast<double>(now_ns - begin_monotonic_ns_) / nsec_per_sec;
    const std::int64_t now_usec = costs.cpu_usec.value_or(cpu_usec_);
    const std::int64_t usec = now_usec - std::exchange(cpu_usec_, now_usec);
    const std::int64_t elapsed_ns = now_ns - std::exchange(cpu_at_ns_, now_ns);
    if (usec > 0 && elapsed_ns > 0)
        summary.cpu_percent = static_cast<double>(usec) * percent_of_nsec / static_cast<double>(elapsed_ns);
    summary.rss_bytes = costs.rss_bytes;
    if (monitor_.end(waiting_.body, summary))
        ++waiting_.lines;
}

const Batch* Snapshots::take() {
    if (waiting_.lines == 0)
        return nullptr;
    taken_.body.clear();
    std::swap(taken_, waiting_);
    waiting_.lines = 0;
    return &taken_;
}

} // namespace lxcmon::push
