// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/collector.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::push {

/// Sums over the interfaces or devices of a container; they only grow while its init runs.
struct Counters {
    std::optional<std::int64_t> rx_bytes, tx_bytes, read_bytes, write_bytes, nr_periods, nr_throttled;
};

/// The "some" share of the last 10 s, in percent of time.
struct Pressure {
    std::optional<double> cpu, memory, io;
};

/// A line of `list` and `top`: a container, or the host. Unknown values are absent.
struct Figures {
    std::string name;
    std::string host_name; ///< as the tag `name`; empty if there is none, or it is `name`
    std::string lxcpath;
    std::string state;
    std::string lock; ///< what holds it at present: "backup", ...
    std::optional<std::int64_t> init_pid, processes;
    std::int64_t restarts = 0;             ///< since this program began
    std::int64_t oom_kills = 0;            ///< since init began; of the host: since it began
    std::optional<double> cpu_percent;     ///< of one core
    std::optional<double> cpu_limit_cores; ///< of the host: its CPUs
    std::optional<std::int64_t> memory_used_bytes, memory_limit_bytes, swap_used_bytes, swap_limit_bytes;
    std::optional<std::int64_t> disk_used_bytes, disk_total_bytes; ///< of "/"
    Pressure pressure;
    Counters counters;
    std::optional<double> rx_bytes_per_sec, tx_bytes_per_sec, read_bytes_per_sec, write_bytes_per_sec;
    std::optional<double> throttled_percent; ///< of the periods in which it ran, as the kernel counts them
};

/// Copies the values of a point into the figures of its container, or of the host.
void add_to_figures(const Point& point, Figures& figures);

/// Sets the rates from the figures of the same container `seconds` earlier. Leaves a rate out if its counter
/// went backwards or init has changed.
void set_rates(const Figures& earlier, double seconds, Figures& figures);

/// The last tick of a collector.
struct Overview {
    std::int64_t monotonic_ns = 0;
    Figures host;
    std::array<std::optional<double>, 3> host_load{}; ///< of 1, 5 and 15 minutes
    std::vector<Figures> containers;                  ///< in the order of the collector's table
    std::size_t left_out = 0;                         ///< containers that can't be seen
};

/// `earlier` is the overview of a tick before, or has no containers. Its rates are those of the time between.
[[nodiscard]] Overview read_overview(const app::Collector& collector, const Overview& earlier);

/// The metrics that overviews need, as patterns of Selection::of().
[[nodiscard]] std::vector<std::string> overview_metrics();

} // namespace lxcmon::push
