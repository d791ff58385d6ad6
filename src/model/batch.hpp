// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>

namespace lxcmon {

/// The lines that are sent in one request: line protocol or JSON Lines, each line ended by LF.
/// The body does not change once a batch is queued: a retry sends the same bytes, so that
/// InfluxDB overwrites the same points and stores none twice.
struct Batch {
    std::string body;
    std::size_t lines = 0;
};

} // namespace lxcmon
