// SPDX-License-Identifier: GPL-2.0-or-later
// Points to JSON Lines and back. nlohmann's parser says what a line means; any bytes go to the agent's
// parser.
#include "fuzz/support.hpp"

#include "encode/json_lines.hpp"
#include "encode/line_protocol.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using namespace lxcmon;
using fuzz::require;

namespace {

using Json = nlohmann::json;

std::string line_of(const Point& point) {
    std::string line;
    return encode::append_line_protocol(line, point) ? line : std::string();
}

std::string json_of(const Point& point) {
    std::string json;
    encode::append_json_line(json, point);
    return json;
}

bool is_same(const Json& json, const FieldValue& value) {
    if (const auto* text = std::get_if<std::string_view>(&value))
        return json == fuzz::cleaned(*text);
    if (const auto* flag = std::get_if<bool>(&value))
        return json.is_boolean() && json.get<bool>() == *flag;
    if (const auto* count = std::get_if<std::int64_t>(&value))
        return json.is_number_integer() && json.get<std::int64_t>() == *count;
    return json.is_number_float() && json.get<double>() == std::get<double>(value);
}

/// Of texts that differ only in invalid bytes one is kept.
template <typename List, typename Same, typename Clean>
void check_object(const Json& object, const List& list, Same same, Clean clean) {
    for (const auto& each : list) {
        const std::string key = clean(each.key);
        require(object.contains(key), "no key is lost", key);
        require(std::any_of(list.begin(), list.end(),
                            [&](const auto& other) {
                                return clean(other.key) == key && same(object[key], other.value);
                            }),
                "a value is as given", key);
    }
}

void check_line(const std::string& line, const Point& point) {
    require(line.find('\n') == line.size() - 1, "one line", line);
    const Json json = Json::parse(line, nullptr, false);
    require(!json.is_discarded() && json.size() == 4, "JSON", line);
    require(json["name"] == fuzz::cleaned(point.measurement) && json["timestamp"] == point.time_ns,
            "name and time", line);
    const auto as_given = [](std::string_view key) { return fuzz::cleaned(key); };
    const auto is_same_text = [](const Json& found, std::string_view value) {
        return found == fuzz::cleaned(value);
    };
    std::set<std::string> clean;
    for (const Tag& tag : point.tags)
        clean.insert(fuzz::clean_name(tag.key));
    // Where two keys are one in line protocol, all are as there.
    if (clean.size() == point.tags.size())
        check_object(json["tags"], point.tags, is_same_text, as_given);
    else
        check_object(json["tags"], point.tags, is_same_text, &fuzz::clean_name);
    check_object(json["fields"], point.fields, &is_same, as_given);
}

void check_round_trip(const std::string& json, const Point& point) {
    PointBuffer back;
    const auto wrong = encode::parse_json_line(json, back);
    require(!wrong && back.size() == 1, "the agent reads its own line", json);
    require(line_of(back[0]) == line_of(point), "the same line protocol by way of JSON", json);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    PointBuffer points;
    FuzzedDataProvider provider(data, size);
    fuzz::add_point(provider, points);
    if (!points.empty() && !points[0].measurement.empty()) {
        const std::string json = json_of(points[0]);
        check_line(json, points[0]);
        check_round_trip(json, points[0]);
    }
    points.clear();
    if (!encode::parse_json_line(fuzz::text_of(data, size), points) && !points.empty())
        check_round_trip(json_of(points[0]), points[0]);
    return 0;
}
