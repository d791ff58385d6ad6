// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/json_lines.hpp"

#include "encode/clean_tags.hpp"
#include "encode/json_text.hpp"
#include "encode/number.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <string>

namespace lxcmon::encode {
namespace {

void append_value(std::string& out, const FieldValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        append_number(out, *integer);
    else if (const auto* floating = std::get_if<double>(&value))
        append_json_float(out, *floating);
    else if (const auto* boolean = std::get_if<bool>(&value))
        out.append(*boolean ? "true" : "false");
    else
        append_json_string(out, std::get<std::string_view>(value));
}

/// Appends a list of tags or fields as `{"key":value,...}`.
template <typename List, typename Append>
void append_object(std::string& out, const List& list, Append append) {
    out.push_back('{');
    for (const auto& each : list) {
        if (out.back() != '{')
            out.push_back(',');
        append_json_string(out, each.key);
        out.push_back(':');
        append(out, each.value);
    }
    out.push_back('}');
}

/// The ordered type: line protocol keeps the order of the fields.
using Json = nlohmann::ordered_json;

bool is_above_int64(const Json& value) {
    return value.is_number_unsigned() &&
           value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

/// The layout has three levels. Deeper levels are skipped: ordered_json copies them by recursion.
bool is_shallow(int depth, Json::parse_event_t event, const Json& /*parsed*/) {
    constexpr int deepest = 2;
    using Event = Json::parse_event_t;
    return depth <= deepest || (event != Event::object_start && event != Event::array_start);
}

/// Several times as many as a point has: ordered_json takes quadratic time.
constexpr std::size_t most_keys = 1000;

std::optional<FieldValue> field_value(const Json& value, PointBuffer& points) {
    if (value.is_boolean())
        return value.get<bool>();
    if (value.is_number_float())
        return value.get<double>();
    if (is_above_int64(value))
        return std::numeric_limits<std::int64_t>::max();
    if (value.is_number_integer())
        return value.get<std::int64_t>();
    if (value.is_string())
        return points.store(value.get_ref<const std::string&>());
    return std::nullopt;
}

bool is_object(const Json& line, const char* key) {
    return line.contains(key) && line[key].is_object();
}

std::optional<std::string> check_layout(const Json& line) {
    if (!line.is_object())
        return "not a JSON object";
    if (!line.contains("name") || !line["name"].is_string() ||
        line["name"].get_ref<const std::string&>().empty())
        return "\"name\" is missing or not a string";
    if (!line.contains("timestamp") || !line["timestamp"].is_number_integer() ||
        is_above_int64(line["timestamp"]))
        return "\"timestamp\" is missing or not an integer (ns since 1970)";
    if (!is_object(line, "fields") || line["fields"].empty())
        return "\"fields\" is missing, empty or not an object";
    if (line.contains("tags") && !line["tags"].is_object())
        return "\"tags\" is not an object";
    return std::nullopt;
}

std::optional<std::string> add_point(const Json& line, PointBuffer& points) {
    if (line.contains("tags")) {
        for (const auto& [key, value] : line["tags"].items()) {
            if (!value.is_string())
                return "tag \"" + key + "\" is not a string";
            const std::string_view stored_key = points.store(key);
            points.tag(stored_key, points.store(value.get_ref<const std::string&>()));
        }
    }
    for (const auto& [key, value] : line["fields"].items()) {
        const auto converted = field_value(value, points);
        if (!converted)
            return "field \"" + key + "\" is not a number, string or boolean";
        points.field(points.store(key), *converted);
    }
    return std::nullopt;
}

} // namespace

void append_json_line(std::string& out, const Point& point) {
    out.append("{\"fields\":");
    append_object(out, point.fields, &append_value);
    out.append(",\"name\":");
    append_json_string(out, point.measurement);
    out.append(",\"tags\":");
    std::optional<PointBuffer> buffer;
    const std::span<const Tag> clean = clean_tags(point, buffer);
    append_object(out, clean.size() == point.tags.size() ? point.tags : clean, &append_json_string);
    out.append(",\"timestamp\":");
    append_number(out, point.time_ns);
    out.append("}\n");
}

std::optional<std::string> parse_json_line(std::string_view line, PointBuffer& points) {
    std::size_t keys = 0;
    const auto is_wanted = [&keys](int depth, Json::parse_event_t event, const Json& parsed) {
        constexpr int deepest = 3; // skipped with their objects below
        keys += event == Json::parse_event_t::key && depth <= deepest ? 1 : 0;
        return is_shallow(depth, event, parsed) && (event != Json::parse_event_t::key || keys <= most_keys);
    };
    const Json json = Json::parse(line, is_wanted, false);
    if (keys > most_keys)
        return "more than " + std::to_string(most_keys) + " keys";
    if (json.is_discarded())
        return "not JSON";
    if (auto wrong = check_layout(json))
        return wrong;
    const std::size_t before = points.size();
    points.begin(points.store(json["name"].get_ref<const std::string&>()),
                 json["timestamp"].get<std::int64_t>());
    auto wrong = add_point(json, points);
    points.end();
    if (wrong)
        points.truncate(before);
    return wrong;
}

} // namespace lxcmon::encode
