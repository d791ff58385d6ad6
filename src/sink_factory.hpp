#pragma once

#include "config.hpp"
#include "deliver/sink.hpp"
#include "encode/batcher.hpp"

#include <memory>

namespace lxcmon {

/// Where the points go and how they are written there.
struct Destination {
    std::unique_ptr<deliver::Sink> sink;
    encode::Format format;
};

/// stdout for --dry-run, InfluxDB where a URL is set, else the JSON file. Throws BadSetting.
[[nodiscard]] Destination make_destination(const Config& config);

} // namespace lxcmon
