// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/line_protocol.hpp"

#include "encode/clean_tags.hpp"
#include "encode/number.hpp"
#include "text/clean_name.hpp"
#include "text/utf8.hpp"

#include <optional>

namespace lxcmon::encode {
namespace {

enum class Place { measurement, tag, field_key };

void append_name(std::string& out, std::string_view name, Place place) {
    if (text::is_plain(name)) {
        out.append(name);
        return;
    }
    text::append_text(out, name, [&](char c) {
        c = c == '"' && place == Place::field_key ? '_' : text::clean_byte(c);
        if (c == ',' || c == ' ' || (c == '=' && place != Place::measurement))
            out.push_back('\\');
        out.push_back(c);
    });
}

void append_quoted(std::string& out, std::string_view value) {
    out.push_back('"');
    text::append_text(out, value, [&](char c) {
        if (c == '"' || c == '\\')
            out.push_back('\\');
        if (c == '\n')
            out.append(R"(\\n)");
        else if (c == '\r')
            out.append(R"(\\r)");
        else
            out.push_back(text::is_control(c) && c != '\t' ? '_' : c);
    });
    out.push_back('"');
}

void append_field_value(std::string& out, const FieldValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        append_number(out, *integer);
        out.push_back('i');
    } else if (const auto* floating = std::get_if<double>(&value)) {
        append_number(out, *floating);
    } else if (const auto* boolean = std::get_if<bool>(&value)) {
        out.append(*boolean ? "true" : "false");
    } else {
        append_quoted(out, std::get<std::string_view>(value));
    }
}

bool is_usable_key(std::string_view key) noexcept {
    return !key.empty() && key != "time";
}

void append_tags(std::string& out, const Point& point) {
    std::optional<PointBuffer> buffer;
    for (const Tag& tag : clean_tags(point, buffer)) {
        if (!is_usable_key(tag.key) || tag.value.empty())
            continue;
        out.push_back(',');
        append_name(out, tag.key, Place::tag);
        out.push_back('=');
        append_name(out, tag.value, Place::tag);
    }
}

} // namespace

bool append_line_protocol(std::string& out, const Point& point) {
    if (point.measurement.empty())
        return false;
    const std::size_t before = out.size();
    append_name(out, point.measurement, Place::measurement);
    if (out[before] == '#')
        out[before] = '_'; // would start a comment
    append_tags(out, point);
    char separator = ' ';
    for (const Field& field : point.fields) {
        if (!is_usable_key(field.key))
            continue;
        out.push_back(separator);
        separator = ',';
        append_name(out, field.key, Place::field_key);
        out.push_back('=');
        append_field_value(out, field.value);
    }
    if (separator == ' ') {
        out.resize(before);
        return false;
    }
    out.push_back(' ');
    append_number(out, point.time_ns);
    out.push_back('\n');
    return true;
}

} // namespace lxcmon::encode
