#pragma once

#include "model/point.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::encode {

/// Appends a point as one line of JSON, LF included, in the layout of SCHEMA.md (Telegraf's `json`): a float
/// always has a point or an exponent, an integer never. What is not UTF-8 becomes U+FFFD. Pure.
void append_json_line(std::string& out, const Point& point);

/// Reads such a line back and adds its point to `points`: the same line protocol comes of it, byte for byte.
/// Returns what is wrong with the line where it is not such a one; `points` is unchanged then.
[[nodiscard]] std::optional<std::string> parse_json_line(std::string_view line, PointBuffer& points);

} // namespace lxcmon::encode
