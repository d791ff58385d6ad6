// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/json_lines.hpp"
#include "io/parse.hpp"
#include "unit/encode/line_of.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

using namespace lxcmon;
using lxcmon::test::line_of;

/// A case is three files: NAME.point is a point as text (a line with its time and name, then a line for each
/// tag or field: type, key and value, separated by tabs; \xNN is a byte), NAME.line its line protocol (empty:
/// no line), NAME.json its line of JSON.
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ifstream input(path, std::ios::binary);
    if (!input)
        throw std::runtime_error("can't read " + path.string());
    return {std::istreambuf_iterator<char>(input), {}};
}

std::vector<fs::path> golden_cases() {
    std::vector<fs::path> cases;
    for (const auto& entry : fs::directory_iterator(LXCMON_FIXTURES "/encode"))
        if (entry.path().extension() == ".point")
            cases.push_back(entry.path());
    std::ranges::sort(cases);
    return cases;
}

std::string unescape(std::string_view text) {
    std::string bytes;
    while (!text.empty()) {
        if (text.starts_with("\\x")) {
            bytes.push_back(static_cast<char>(std::stoi(std::string(text.substr(2, 2)), nullptr, 16)));
            text.remove_prefix(4);
        } else {
            bytes.push_back(text.front());
            text.remove_prefix(1);
        }
    }
    return bytes;
}

FieldValue field_value(std::string_view type, std::string_view text, PointBuffer& points) {
    if (type == "integer")
        return io::parse_number<std::int64_t>(text).value();
    if (type == "float")
        return std::strtod(std::string(text).c_str(), nullptr);
    if (type == "boolean")
        return text == "true";
    if (type == "string")
        return points.store(unescape(text));
    throw std::runtime_error("unknown word " + std::string(type));
}

void read_point(std::string_view text, PointBuffer& points) {
    io::for_each_line(text, [&](std::string_view line) {
        const std::string_view word = io::take_until(line, '\t');
        const std::string_view second = io::take_until(line, '\t');
        if (word == "point")
            points.begin(points.store(unescape(line)), io::parse_number<std::int64_t>(second).value());
        else if (word == "tag")
            points.tag(points.store(unescape(second)), points.store(unescape(line)));
        else
            points.field(points.store(unescape(second)), field_value(word, line, points));
    });
    points.end();
}

} // namespace

TEST_CASE("golden cases encode to their line protocol and JSON") {
    const auto cases = golden_cases();
    REQUIRE_FALSE(cases.empty());
    for (fs::path path : cases) {
        CAPTURE(path.stem().string());
        PointBuffer points;
        read_point(read_file(path), points);
        REQUIRE(points.size() == 1);
        CHECK(line_of(points[0]).value_or("") == read_file(path.replace_extension(".line")));
        std::string json;
        encode::append_json_line(json, points[0]);
        CHECK(json == read_file(path.replace_extension(".json")));
    }
}

TEST_CASE("the JSON of a golden case parses to its line protocol") {
    const auto cases = golden_cases();
    REQUIRE_FALSE(cases.empty());
    for (fs::path path : cases) {
        CAPTURE(path.stem().string());
        PointBuffer points;
        const auto wrong = encode::parse_json_line(read_file(path.replace_extension(".json")), points);
        CHECK(wrong.value_or("") == "");
        REQUIRE(points.size() == 1);
        CHECK(line_of(points[0]).value_or("") == read_file(path.replace_extension(".line")));
    }
}
