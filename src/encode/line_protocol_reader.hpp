// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::encode {

/// Parses a line of append_line_protocol(), with or without its LF, and adds its point to `points`; the point
/// encodes to the same line, byte for byte, also by way of JSON. Does not support line protocol of other
/// programs, but is safe on any bytes. Returns nullopt, or what is wrong with the line: `points` is unchanged
/// then. Allocates only in PointBuffer::store().
[[nodiscard]] std::optional<std::string> parse_line_protocol(std::string_view line, PointBuffer& points);

} // namespace lxcmon::encode
