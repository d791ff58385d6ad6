// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::encode {

/// Appends a point as one line of JSON, LF included, in the layout of docs/measurements.md (Telegraf's
/// `json`): a float always has a point or an exponent, an integer never. Invalid UTF-8 becomes U+FFFD. Of
/// tags whose keys are equal in line protocol one is kept, the same as there. Pure.
void append_json_line(std::string& out, const Point& point);

/// Parses a line of append_json_line() and adds its point to `points`; the point encodes to the same line
/// protocol, byte for byte. Returns nullopt, or what is wrong with the line: `points` is unchanged then. A
/// line with more than 1,000 keys is wrong.
[[nodiscard]] std::optional<std::string> parse_json_line(std::string_view line, PointBuffer& points);

} // namespace lxcmon::encode
