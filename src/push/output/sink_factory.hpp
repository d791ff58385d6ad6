// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/sink.hpp"
#include "push/config.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace lxcmon::push {

/// What batches consist of.
enum class Feed : std::uint8_t {
    line_protocol, ///< points
    json_lines,    ///< points
    snapshots,     ///< of all containers, for --json-layout lxc-monitor
};

/// A sink, and what it is fed with.
struct Destination {
    std::unique_ptr<deliver::Sink> sink;
    Feed feed;
    bool has_spool = false; ///< a server; otherwise what is not delivered waits in memory
    bool is_beside = false; ///< beside the one that counts as the delivery
};

/// stdout for --dry-run. Otherwise InfluxDB if a URL is set: several URLs are one destination with failover,
/// or with --influx-mode all one destination each. Then the JSON file, alone or if its path is given, and the
/// CSV files if they are wanted. The servers count as the delivery, without them the first file. Never empty.
/// Throws app::BadSetting.
[[nodiscard]] std::vector<Destination> make_destinations(const DestinationSettings& settings);

/// Logs a warning if the certificates of a server are not verified: at a start, and when a reload changes
/// that.
void warn_of_insecure(const DestinationSettings& settings);

} // namespace lxcmon::push
