// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "encode/line_protocol.hpp"
#include "model/point.hpp"

#include <optional>
#include <string>

namespace lxcmon::test {

/// A point as line protocol; nullopt if the encoder refuses it. Checks that a refusal leaves the output
/// unchanged.
inline std::optional<std::string> line_of(const Point& point) {
    std::string out = "before\n";
    if (!encode::append_line_protocol(out, point))
        return out == "before\n" ? std::nullopt : std::optional<std::string>("spoilt: " + out);
    return out.substr(7);
}

/// A point at time 1 with the given tags and fields.
struct OnePoint {
    explicit OnePoint(std::string_view measurement = "m") { buffer.begin(measurement, 1); }
    OnePoint& tag(std::string_view key, std::string_view value) {
        buffer.tag(key, value);
        return *this;
    }
    OnePoint& field(std::string_view key, FieldValue value) {
        buffer.field(key, value);
        return *this;
    }
    [[nodiscard]] std::optional<std::string> line() {
        buffer.end();
        return buffer.empty() ? std::nullopt : line_of(buffer[0]);
    }
    PointBuffer buffer;
};

} // namespace lxcmon::test
