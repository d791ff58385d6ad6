#pragma once

#include "deliver/sink.hpp"
#include "encode/batcher.hpp"
#include "push/config.hpp"

#include <memory>
#include <vector>

namespace lxcmon::push {

/// Where the points go and how they are written there.
struct Destination {
    std::unique_ptr<deliver::Sink> sink;
    encode::Format format;
};

/// stdout for --dry-run, InfluxDB where a URL is set, else the JSON file. Several URLs are one destination,
/// which goes on with the next where one fails, or with --influx-mode all one for each. Never empty. Warns
/// of --tls-insecure. Throws BadSetting.
[[nodiscard]] std::vector<Destination> make_destinations(const DestinationSettings& settings);

} // namespace lxcmon::push
