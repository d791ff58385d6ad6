// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/sink.hpp"
#include "encode/batcher.hpp"
#include "push/config.hpp"

#include <memory>
#include <vector>

namespace lxcmon::push {

/// A sink and the format of its batches.
struct Destination {
    std::unique_ptr<deliver::Sink> sink;
    encode::Format format;
    bool is_beside = false; ///< beside the others: of the CSV files
};

/// stdout for --dry-run, InfluxDB if a URL is set, otherwise the JSON file. Several URLs are one destination
/// with failover, or with --influx-mode all one destination each. The CSV files, if they are wanted, come
/// last; they take the format of the others. Never empty. Throws app::BadSetting.
[[nodiscard]] std::vector<Destination> make_destinations(const DestinationSettings& settings);

/// Logs a warning if the certificates of a server are not verified: at a start, and when a reload changes
/// that.
void warn_of_insecure(const DestinationSettings& settings);

} // namespace lxcmon::push
