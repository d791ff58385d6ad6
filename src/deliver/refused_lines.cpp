// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/refused_lines.hpp"

#include "encode/line_protocol_reader.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace lxcmon::deliver {

namespace {

std::string_view take_line(std::string_view& lines) noexcept {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    return line;
}

std::string named_lines(std::string_view sent, const Verdict& verdict) {
    const std::unordered_set<std::string_view> texts(verdict.refused_texts.begin(),
                                                     verdict.refused_texts.end());
    const auto& numbers = verdict.refused_lines;
    std::string refused;
    for (std::size_t number = 1; !sent.empty(); ++number) {
        const std::string_view line = take_line(sent);
        if (std::binary_search(numbers.begin(), numbers.end(), number) || texts.contains(line))
            refused.append(line).push_back('\n');
    }
    return refused;
}

/// InfluxDB's name of the type.
std::string_view type_of(const FieldValue& value) noexcept {
    constexpr std::array<std::string_view, 4> names{"integer", "float", "boolean", "string"};
    return names[value.index()];
}

bool has_conflict(const Point& point, const TypeConflict& conflict) noexcept {
    return point.measurement == conflict.measurement &&
           std::ranges::any_of(point.fields, [&](const Field& field) {
               return field.key == conflict.field && type_of(field.value) == conflict.type;
           });
}

std::string lines_in_conflict(std::string_view sent, const TypeConflict& conflict, std::size_t dropped) {
    std::string refused;
    PointBuffer points;
    for (std::size_t count = 0; !sent.empty();) {
        const std::string_view line = take_line(sent);
        points.clear();
        if (encode::parse_line_protocol(line, points) || !has_conflict(points[0], conflict))
            continue;
        if (++count > dropped)
            return {};
        refused.append(line).push_back('\n');
    }
    return refused;
}

} // namespace

std::string refused_lines(std::string_view sent, const Verdict& verdict, std::size_t dropped) {
    if (!verdict.refused_lines.empty() || !verdict.refused_texts.empty())
        return named_lines(sent, verdict);
    return verdict.type_conflict ? lines_in_conflict(sent, *verdict.type_conflict, dropped) : std::string();
}

} // namespace lxcmon::deliver
