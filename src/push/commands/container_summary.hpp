// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::push {

/// A line of `list`: one container. Unknown values are absent.
struct ContainerSummary {
    std::string name;
    std::string host_name; ///< as the tag `name`; empty if there is none, or it is `name`
    std::string lxcpath;
    std::string state;
    std::optional<std::int64_t> init_pid;
    std::optional<double> cpu_percent;
    std::optional<std::int64_t> memory_used_bytes, memory_limit_bytes;
    std::optional<std::int64_t> rx_bytes, tx_bytes; ///< counters, summed over all interfaces
    std::optional<double> rx_bytes_per_sec, tx_bytes_per_sec;
    std::optional<std::int64_t> disk_used_bytes, disk_total_bytes; ///< of "/"
};

/// Copies the values of a point into the summary of its container.
void add_to_summary(const Point& point, ContainerSummary& summary);

/// Sets the rates, bytes a second, from a summary of the same container `seconds` earlier. Leaves a rate out
/// if its counter went backwards or init has changed.
void set_rates(const ContainerSummary& earlier, double seconds, ContainerSummary& summary);

[[nodiscard]] std::string summaries_as_json(const std::vector<ContainerSummary>& summaries);
/// An aligned table, one container a line; with their host names if one has another than its name, and
/// their lxcpaths if two have the same name.
[[nodiscard]] std::string summaries_as_table(const std::vector<ContainerSummary>& summaries);

} // namespace lxcmon::push
