// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "encode/line_protocol.hpp"

#include <string>

namespace lxcmon::test {

/// Points as line protocol, one line per point.
[[nodiscard]] inline std::string encoded(const PointBuffer& points) {
    std::string text;
    for (std::size_t index = 0; index < points.size(); ++index)
        if (!encode::append_line_protocol(text, points[index]))
            text += "(not encoded)\n";
    return text;
}

/// Number of occurrences of `part` in `text`.
[[nodiscard]] inline std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
        ++count;
    return count;
}

} // namespace lxcmon::test
