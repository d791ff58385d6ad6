// SPDX-License-Identifier: GPL-2.0-or-later
// Points to line protocol and back. The line is read by a parser of its own here, after InfluxDB's rules; any
// bytes go to the agent's parser.
#include "fuzz/support.hpp"

#include "encode/line_protocol.hpp"
#include "encode/line_protocol_reader.hpp"

#include <charconv>
#include <map>

using namespace lxcmon;
using fuzz::require;

namespace {

std::string encoded(const Point& point) {
    std::string line;
    return encode::append_line_protocol(line, point) ? line : std::string();
}

std::string clean_measurement(std::string_view name) {
    std::string clean = fuzz::clean_name(name);
    if (clean.starts_with('#'))
        clean[0] = '_';
    return clean;
}

std::string clean_field_key(std::string_view key) {
    std::string clean = fuzz::clean_name(key);
    std::replace(clean.begin(), clean.end(), '"', '_');
    return clean;
}

std::string clean_string(std::string_view text) {
    return fuzz::cleaned(text, [](char c) {
        if (c == '\n')
            return std::string("\\n");
        if (c == '\r')
            return std::string("\\r");
        return std::string(1, c != '\t' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) ? '_' : c);
    });
}

/// Takes a name up to one of `ends` that no backslash precedes, and removes the backslashes before a
/// separator.
std::string take_name(std::string_view& rest, std::string_view ends) {
    std::string name;
    while (!rest.empty() && ends.find(rest.front()) == std::string_view::npos) {
        if (rest.front() == '\\' && rest.size() > 1 &&
            std::string_view(",= ").find(rest[1]) != std::string_view::npos)
            rest.remove_prefix(1);
        name.push_back(rest.front());
        rest.remove_prefix(1);
    }
    return name;
}

void take(std::string_view& rest, char wanted) {
    require(!rest.empty() && rest.front() == wanted, "a separator", rest);
    rest.remove_prefix(1);
}

void check_string(std::string_view& rest, std::string_view value) {
    take(rest, '"');
    std::string text;
    while (!rest.empty() && rest.front() != '"') {
        if (rest.front() == '\\' && rest.size() > 1 && (rest[1] == '"' || rest[1] == '\\'))
            rest.remove_prefix(1);
        text.push_back(rest.front());
        rest.remove_prefix(1);
    }
    take(rest, '"');
    require(text == clean_string(value), "a string is as given", text);
}

void check_value(std::string_view& rest, const FieldValue& value) {
    if (const auto* text = std::get_if<std::string_view>(&value))
        return check_string(rest, *text);
    const std::string_view found = rest.substr(0, rest.find_first_of(", "));
    rest.remove_prefix(found.size());
    if (const auto* flag = std::get_if<bool>(&value))
        return require(found == (*flag ? "true" : "false"), "a boolean", found);
    if (const auto* count = std::get_if<std::int64_t>(&value))
        return require(found == std::to_string(*count) + "i", "an integer", found);
    double number = 0;
    const auto parsed = std::from_chars(found.data(), found.data() + found.size(), number);
    require(parsed.ptr == found.data() + found.size() && number == std::get<double>(value), "a float", found);
}

void check_tags(std::string_view& rest, const Point& point) {
    std::multimap<std::string, std::string> wanted;
    for (const Tag& tag : point.tags)
        if (!tag.key.empty() && tag.key != "time" && !tag.value.empty())
            wanted.emplace(fuzz::clean_name(tag.key), fuzz::clean_name(tag.value));
    std::string last;
    while (rest.starts_with(',')) {
        take(rest, ',');
        const std::string key = take_name(rest, "=");
        take(rest, '=');
        const std::string value = take_name(rest, ", ");
        require(last < key, "tags are sorted and differ", key);
        const auto [begin, end] = wanted.equal_range(key);
        require(std::any_of(begin, end, [&](const auto& each) { return each.second == value; }),
                "a tag is as given", key);
        wanted.erase(begin, end);
        last = key;
    }
    require(wanted.empty(), "no tag is lost");
}

void check_line(std::string_view line, const Point& point) {
    require(line.find_first_of(std::string("\n\r\0", 3)) == line.size() - 1 && line.back() == '\n',
            "one line", line);
    require(fuzz::is_utf8(line) && line.front() != '#', "valid text", line);
    line.remove_suffix(1);
    require(take_name(line, ", ") == clean_measurement(point.measurement), "the measurement", line);
    check_tags(line, point);
    char separator = ' ';
    for (const Field& field : point.fields) {
        if (field.key.empty() || field.key == "time")
            continue;
        take(line, separator);
        separator = ',';
        require(take_name(line, "=") == clean_field_key(field.key), "a field's key", field.key);
        take(line, '=');
        check_value(line, field.value);
    }
    require(line == " " + std::to_string(point.time_ns), "the time", line);
}

/// The line encodes to itself again. Lines of others may be taken differently, once.
void check_round_trip(const std::string& line) {
    PointBuffer points;
    const auto wrong = encode::parse_line_protocol(line, points);
    require(!wrong && points.size() == 1, "the agent reads its own line", line);
    require(encoded(points[0]) == line, "a line encodes to itself", line);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    PointBuffer points;
    FuzzedDataProvider provider(data, size);
    fuzz::add_point(provider, points);
    if (!points.empty()) {
        const std::string line = encoded(points[0]);
        if (!line.empty()) {
            check_line(line, points[0]);
            check_round_trip(line);
        }
    }
    points.clear();
    if (!encode::parse_line_protocol(fuzz::text_of(data, size), points) && !points.empty())
        if (const std::string line = encoded(points[0]); !line.empty())
            check_round_trip(line);
    return 0;
}
