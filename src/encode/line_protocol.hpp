// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

#include <string>

namespace lxcmon::encode {

/// Appends a point as one line of InfluxDB line protocol, LF included, time in ns (docs/protocol.md).
/// The line is valid for any text: control bytes become `_`, a backslash in names and tags `/`, invalid UTF-8
/// U+FFFD. A tag or field named `time` is skipped; of tags whose encoded keys are equal one is kept. Returns
/// false and appends nothing if no field is left or the measurement has no name. Pure.
bool append_line_protocol(std::string& out, const Point& point);

} // namespace lxcmon::encode
