#pragma once

#include "model/point.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::push {

/// A container's line in `list`. What is not known is absent.
struct ContainerSummary {
    std::string name;
    std::string lxcpath;
    std::string state;
    std::optional<std::int64_t> init_pid;
    std::optional<double> cpu_percent;
    std::optional<std::int64_t> memory_used_bytes, memory_limit_bytes;
    std::optional<std::int64_t> rx_bytes, tx_bytes; ///< counters, over all interfaces
    std::optional<double> rx_bytes_per_sec, tx_bytes_per_sec;
    std::optional<std::int64_t> disk_used_bytes, disk_total_bytes; ///< of "/"
};

/// Puts a point's figures into the summary of its container.
void add_to_summary(const Point& point, ContainerSummary& summary);

/// Sets the rates from an earlier summary of the same container; none where a counter went back.
void set_rates(const ContainerSummary& earlier, double seconds, ContainerSummary& summary);

[[nodiscard]] std::string summaries_as_json(const std::vector<ContainerSummary>& summaries);
/// A table for people, columns lined up, one container a line.
[[nodiscard]] std::string summaries_as_table(const std::vector<ContainerSummary>& summaries);

} // namespace lxcmon::push
