#pragma once

#include "model/point.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::encode {

/// Reads a line that append_line_protocol made, with or without its LF, and adds its point to `points`: the
/// same line comes of it again, byte for byte, also by way of JSON. Reads nothing else's line protocol, but
/// is safe on any bytes. Returns what is wrong with the line where it is not such a one; `points` is
/// unchanged then. Allocates nothing but what PointBuffer::store does.
[[nodiscard]] std::optional<std::string> parse_line_protocol(std::string_view line, PointBuffer& points);

} // namespace lxcmon::encode
