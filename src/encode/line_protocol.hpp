#pragma once

#include "model/point.hpp"

#include <string>

namespace lxcmon::encode {

/// Appends a point as one line of InfluxDB line protocol, LF included, time in ns; PROTOCOL.md has the rules.
/// Whatever the texts hold, the line is valid: control bytes become `_`, a backslash in names and tags `/`,
/// what is not UTF-8 U+FFFD; a tag or field named `time` is left out, and of tags with keys that come out
/// alike all but one. Returns false, adding nothing, where no field is left or the measurement has no name.
/// Pure.
bool append_line_protocol(std::string& out, const Point& point);

} // namespace lxcmon::encode
