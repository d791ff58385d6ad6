// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/csv.hpp"

#include "encode/number.hpp"
#include "model/field_table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>

namespace lxcmon::encode {
namespace {

constexpr std::string_view record_end = "\r\n";
constexpr std::string_view time_column = "time";
constexpr std::int64_t nsec_per_sec = 1'000'000'000;
constexpr std::int64_t nsec_per_msec = 1'000'000;

void append_text_cell(std::string& out, std::string_view text) {
    if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
        out.append(text);
        return;
    }
    out.push_back('"');
    for (const char c : text) {
        if (c == '"')
            out.push_back('"');
        out.push_back(c);
    }
    out.push_back('"');
}

void append_value_cell(std::string& out, const FieldValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        append_number(out, *integer);
    else if (const auto* floating = std::get_if<double>(&value))
        append_number(out, *floating);
    else if (const auto* boolean = std::get_if<bool>(&value))
        out.append(*boolean ? "true" : "false");
    else
        append_text_cell(out, std::get<std::string_view>(value));
}

/// Rows of one measurement sort by it as text: it has always the same length.
void append_time(std::string& out, std::int64_t time_ns) {
    const std::time_t sec = time_ns / nsec_per_sec;
    std::tm utc{};
    ::gmtime_r(&sec, &utc);
    std::array<char, 32> date{};
    std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::array<char, 16> rest{};
    std::snprintf(rest.data(), rest.size(), ".%03dZ",
                  static_cast<int>(time_ns % nsec_per_sec / nsec_per_msec));
    out.append(date.data()).append(rest.data());
}

bool add_column(std::vector<std::string>& columns, std::string_view name) {
    if (std::ranges::find(columns, name) != columns.end())
        return false;
    columns.emplace_back(name);
    return true;
}

/// The cells of a record; nothing if it is malformed or not whole.
std::optional<std::vector<std::string>> cells_of(std::string_view record) {
    if (!record.ends_with(record_end))
        return std::nullopt;
    record.remove_suffix(record_end.size());
    std::vector<std::string> cells(1);
    bool is_quoted = false;
    for (std::size_t at = 0; at < record.size(); ++at) {
        const char c = record[at];
        if (c == '"' && is_quoted && record.substr(at + 1).starts_with('"'))
            cells.back().push_back(record[++at]);
        else if (c == '"')
            is_quoted = !is_quoted;
        else if (c == ',' && !is_quoted)
            cells.emplace_back();
        else
            cells.back().push_back(c);
    }
    return is_quoted ? std::nullopt : std::optional(cells);
}

} // namespace

CsvColumns csv_columns(std::string_view measurement, const Selection& sent) {
    CsvColumns columns;
    const auto* const info = std::ranges::find(measurement_table, measurement, &MeasurementInfo::name);
    if (info == measurement_table.end())
        return columns;
    columns.tags = {"host"};
    if (measurement.starts_with("lxc_"))
        columns.tags.insert(columns.tags.end(), {"container", "name"});
    for_each_own_tag(*info, [&](std::string_view key) { columns.tags.emplace_back(key); });
    const FieldRange range = find_fields(measurement);
    for (FieldId field = range.first; field < range.last; ++field)
        if (sent.has(field))
            columns.fields.emplace_back(field_table[field].name);
    return columns;
}

bool add_csv_columns(const Point& point, CsvColumns& columns) {
    bool has_grown = false;
    for (const Tag& tag : point.tags)
        has_grown = add_column(columns.tags, tag.key) || has_grown;
    for (const Field& field : point.fields)
        has_grown = add_column(columns.fields, field.key) || has_grown;
    return has_grown;
}

std::string csv_header(const CsvColumns& columns) {
    std::string header(time_column);
    for (const auto* const names : {&columns.tags, &columns.fields})
        for (const std::string& name : *names) {
            header.push_back(',');
            append_text_cell(header, name);
        }
    return header.append(record_end);
}

bool adopt_csv_header(std::string_view header, CsvColumns& columns) {
    const auto cells = cells_of(header);
    if (!cells || cells->size() < 1 + columns.tags.size() + columns.fields.size() ||
        cells->front() != time_column)
        return false;
    const auto fields = cells->end() - static_cast<std::ptrdiff_t>(columns.fields.size());
    std::vector<std::string> tags(cells->begin() + 1, fields);
    const bool has_all = std::ranges::all_of(
        columns.tags, [&](const std::string& tag) { return std::ranges::find(tags, tag) != tags.end(); });
    if (!has_all || !std::equal(fields, cells->end(), columns.fields.begin()))
        return false;
    columns.tags = std::move(tags);
    return true;
}

void append_csv_row(std::string& out, const Point& point, const CsvColumns& columns) {
    append_time(out, point.time_ns);
    for (const std::string& name : columns.tags) {
        out.push_back(',');
        if (const std::string_view value = tag_of(point, name); !value.empty())
            append_text_cell(out, value);
    }
    for (const std::string& name : columns.fields) {
        out.push_back(',');
        const auto field = std::ranges::find(point.fields, name, &Field::key);
        if (field != point.fields.end())
            append_value_cell(out, field->value);
    }
    out.append(record_end);
}

void CsvRecordEnds::add(std::string_view piece) noexcept {
    for (const char c : piece) {
        ++at_;
        if (c == '"')
            is_quoted_ = !is_quoted_;
        if (c != '\n' || is_quoted_)
            continue;
        last_ = at_;
        if (first_ == 0)
            first_ = at_;
    }
}

} // namespace lxcmon::encode
