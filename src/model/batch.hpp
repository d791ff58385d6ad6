#pragma once

#include <cstddef>
#include <string>

namespace lxcmon {

/// What goes out in one piece: whole lines, each ended by LF, line protocol or JSON Lines.
/// The bytes are frozen once a batch is queued: a retry sends exactly the same, so that
/// InfluxDB overwrites the same points and nothing is there twice.
struct Batch {
    std::string body;
    std::size_t lines = 0;
};

} // namespace lxcmon
