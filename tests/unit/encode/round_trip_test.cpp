// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/json_lines.hpp"
#include "unit/encode/hostile_points.hpp"
#include "unit/encode/line_of.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace lxcmon;
using lxcmon::test::HostilePoints;
using lxcmon::test::line_of;

namespace {

std::string json_of(const Point& point) {
    std::string json;
    encode::append_json_line(json, point);
    return json;
}

} // namespace

TEST_CASE("point to JSON to point gives the same line protocol, byte for byte") {
    HostilePoints hostile;
    PointBuffer points;
    for (int count = 0; count < 5000; ++count)
        hostile.add(points);
    REQUIRE(points.size() > 4000);
    PointBuffer back;
    for (std::size_t index = 0; index < points.size(); ++index) {
        const std::string json = json_of(points[index]);
        CAPTURE(json);
        const auto wrong = encode::parse_json_line(json, back);
        REQUIRE(wrong.value_or("") == "");
        REQUIRE(back.size() == index + 1);
        REQUIRE(line_of(back[index]) == line_of(points[index]));
    }
}

TEST_CASE("a hostile point is one line in either format") {
    HostilePoints hostile;
    PointBuffer points;
    for (int count = 0; count < 2000; ++count)
        hostile.add(points);
    REQUIRE_FALSE(points.empty());
    for (std::size_t index = 0; index < points.size(); ++index) {
        const std::string json = json_of(points[index]);
        REQUIRE(json.find('\n') == json.size() - 1);
        const std::string line = line_of(points[index]).value_or("\n");
        REQUIRE(line.find('\n') == line.size() - 1);
        REQUIRE(line.find('\r') == std::string::npos);
        REQUIRE(line.find('\0') == std::string::npos);
    }
}

TEST_CASE("of tag keys that become one, both formats keep the same") {
    PointBuffer points;
    PointBuffer back;
    // Each pair is one key in line protocol; U+FFFD, which JSON has for invalid UTF-8, sorts before it.
    for (const auto& [one, other] : {std::pair("\xfe\001", "\xef\xbf\xbd_"), std::pair("a\001", "a_"),
                                     std::pair("a\\\xff", "a/\xef\xbf\xbd"), std::pair("\xbe", "\xff")}) {
        points.clear();
        points.begin("m", 1);
        points.tag(one, "1");
        points.tag(other, "2");
        points.field("f", true);
        points.end();
        back.clear();
        const std::string json = json_of(points[0]);
        CAPTURE(json);
        REQUIRE_FALSE(encode::parse_json_line(json, back));
        CHECK(back[0].tags.size() == 1);
        CHECK(line_of(back[0]) == line_of(points[0]));
    }
}

TEST_CASE("a text longer than 64 KiB is cut once") {
    PointBuffer points;
    const std::string text = std::string(100, '\xff') + std::string(70'000, '\n') + "\xe2\x82\xac";
    points.begin("m", 1);
    points.field("f", text);
    points.end();
    PointBuffer back;
    REQUIRE_FALSE(encode::parse_json_line(json_of(points[0]), back));
    CHECK(line_of(back[0]) == line_of(points[0]));
}
