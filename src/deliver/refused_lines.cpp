// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/refused_lines.hpp"

#include "encode/line_protocol_reader.hpp"

#include <algorithm>
#include <array>
#include <functional>

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

/// Measurement and tags: the part up to the first space without a backslash.
std::size_t hash_of_series(std::string_view line) noexcept {
    std::size_t end = line.find(' ');
    while (end != std::string_view::npos && end > 0 && line[end - 1] == '\\')
        end = line.find(' ', end + 1);
    return std::hash<std::string_view>()(line.substr(0, end));
}

/// The message without the names and numbers that follow the reason.
std::string_view reason_of(std::string_view message) noexcept {
    return message.substr(0, message.find_first_of("(\"="));
}

} // namespace

std::string refused_lines(std::string_view sent, const Verdict& verdict, std::size_t dropped) {
    if (!verdict.refused_lines.empty() || !verdict.refused_texts.empty())
        return named_lines(sent, verdict);
    return verdict.type_conflict ? lines_in_conflict(sent, *verdict.type_conflict, dropped) : std::string();
}

std::string without_lines(std::string_view sent, std::string_view lines) {
    std::string others;
    others.reserve(sent.size() - std::min(sent.size(), lines.size()));
    bool is_over = lines.empty();
    std::string_view next = take_line(lines);
    while (!sent.empty()) {
        const std::string_view line = take_line(sent);
        if (is_over || line != next) {
            others.append(line).push_back('\n');
            continue;
        }
        is_over = lines.empty();
        next = take_line(lines);
    }
    return others;
}

bool RefusedSeries::add_if_all(std::string_view sent, std::size_t lines, const Verdict& verdict,
                               TimePoint begun) {
    const auto now = TimePoint::clock::now();
    const std::string_view reason = reason_of(verdict.message);
    if (lines == 1) {
        alone_reason_ = reason;
        alone_at_ = now;
    } else if (verdict.dropped_lines.value_or(0) < lines || reason != alone_reason_ ||
               alone_at_ < (has_all(sent) ? std::min(begun, now - alone_for_) : begun)) {
        return false;
    }
    add(sent);
    return true;
}

void RefusedSeries::add(std::string_view lines) {
    while (!lines.empty()) {
        if (hashes_.size() >= most_series)
            hashes_.clear();
        hashes_.insert(hash_of_series(take_line(lines)));
    }
}

void RefusedSeries::remove(std::string_view lines) {
    while (!lines.empty() && !hashes_.empty())
        hashes_.erase(hash_of_series(take_line(lines)));
}

std::string RefusedSeries::lines_in(std::string_view sent) const {
    std::string found;
    while (!sent.empty() && !hashes_.empty())
        if (const std::string_view line = take_line(sent); hashes_.contains(hash_of_series(line)))
            found.append(line).push_back('\n');
    return found;
}

bool RefusedSeries::has_all(std::string_view lines) const {
    while (!lines.empty())
        if (!hashes_.contains(hash_of_series(take_line(lines))))
            return false;
    return true;
}

std::string suspected_lines(std::string_view sent, const Verdict& verdict, const RefusedSeries& known) {
    std::string lines = refused_lines(sent, verdict, verdict.dropped_lines.value_or(sent.size()));
    if (lines.empty() || lines.size() >= sent.size())
        lines = known.lines_in(sent);
    return lines.size() < sent.size() ? lines : std::string();
}

} // namespace lxcmon::deliver
