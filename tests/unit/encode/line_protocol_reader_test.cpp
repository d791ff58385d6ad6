// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/line_protocol_reader.hpp"

#include "encode/json_lines.hpp"
#include "unit/encode/hostile_points.hpp"
#include "unit/encode/line_of.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>

using namespace lxcmon;
using lxcmon::test::HostilePoints;
using lxcmon::test::line_of;
using lxcmon::test::OnePoint;

namespace {

/// The line after conversion to a point, to JSON and to a point again, or the error.
std::string there_and_back(const std::string& line) {
    PointBuffer points;
    if (const auto wrong = encode::parse_line_protocol(line, points))
        return "line protocol: " + *wrong;
    std::string json;
    encode::append_json_line(json, points[0]);
    if (const auto wrong = encode::parse_json_line(json, points))
        return "JSON: " + *wrong;
    return line_of(points[1]).value_or("not encoded");
}

void check_round_trip(OnePoint point) {
    const std::string line = point.line().value_or("not encoded");
    CHECK(there_and_back(line) == line);
}

std::string wrong_with_line(std::string_view line) {
    PointBuffer points;
    points.begin("before", 1);
    points.field("f", true);
    points.end();
    const auto wrong = encode::parse_line_protocol(line, points);
    CHECK(points.size() == 1);
    CHECK(line_of(points[0]) == "before f=true 1\n");
    return wrong.value_or("nothing");
}

} // namespace

TEST_CASE("every type and escape of line protocol is parsed") {
    const std::string line =
        R"(m\,\ =",a\,\=\ b="x\ \,\=,c=d i=-1i,f=1.5,g=1e+300,t=true,e=false,k\ =1,s="\"\\ ,=")"
        " -12\n";
    PointBuffer points;
    REQUIRE(encode::parse_line_protocol(line, points).value_or("") == "");
    REQUIRE(points.size() == 1);
    const Point point = points[0];
    CHECK(point.measurement == "m, =\"");
    REQUIRE(point.tags.size() == 2);
    CHECK(point.tags[0].key == "a,= b");
    CHECK(point.tags[0].value == "\"x ,=");
    REQUIRE(point.fields.size() == 7);
    CHECK(std::get<std::int64_t>(point.fields[0].value) == -1);
    CHECK(std::get<double>(point.fields[1].value) == 1.5);
    CHECK(std::get<double>(point.fields[2].value) == 1e300);
    CHECK(std::get<bool>(point.fields[3].value));
    CHECK_FALSE(std::get<bool>(point.fields[4].value));
    CHECK(point.fields[5].key == "k ");
    CHECK(std::get<double>(point.fields[5].value) == 1.0);
    CHECK(std::get<std::string_view>(point.fields[6].value) == "\"\\ ,=");
    CHECK(point.time_ns == -12);
    CHECK(line_of(point) == line);
    PointBuffer without_end;
    CHECK_FALSE(encode::parse_line_protocol(line.substr(0, line.size() - 1), without_end));
}

TEST_CASE("point to line protocol to point to JSON to point gives the same line, byte for byte") {
    HostilePoints hostile;
    PointBuffer points;
    for (int count = 0; count < 5000; ++count)
        hostile.add(points);
    std::size_t compared = 0;
    for (std::size_t index = 0; index < points.size(); ++index) {
        const auto line = line_of(points[index]);
        if (!line)
            continue;
        CAPTURE(*line);
        REQUIRE(there_and_back(*line) == *line);
        ++compared;
    }
    CHECK(compared > 4000);
}

TEST_CASE("limits of numbers and texts survive the round trip") {
    check_round_trip(OnePoint()
                         .field("low", std::numeric_limits<std::int64_t>::min())
                         .field("high", std::numeric_limits<std::int64_t>::max())
                         .field("smallest", std::numeric_limits<double>::denorm_min())
                         .field("largest", std::numeric_limits<double>::max())
                         .field("minus", -0.0));
    check_round_trip(OnePoint().field("empty", ""));
    // Three bytes of line protocol each; the text has 64 KiB.
    const std::string feeds(70'000, '\n');
    check_round_trip(OnePoint().tag(feeds, feeds).field("f", feeds));
    const std::string slashes(70'000, '\\');
    check_round_trip(OnePoint(slashes).tag("t", slashes).field("f", slashes));
}

TEST_CASE("other text is refused, and the buffer is unchanged") {
    for (const char* line : {"",
                             "\n",
                             "m",
                             "m 1",
                             "m f=1",
                             "m f=1 ",
                             "m f=1 1x",
                             "m f=1  1",
                             " f=1 1",
                             ",t=v f=1 1",
                             "m,t f=1 1",
                             "m,=v f=1 1",
                             "m,t= f=1 1",
                             "m, f=1 1",
                             "m f= 1",
                             "m f=x 1",
                             "m f=1u 1",
                             "m f=1.5i 1",
                             "m f=nan 1",
                             "m f=inf 1",
                             "m f=1e999 1",
                             "m =1 1",
                             "m f=1, 1",
                             "m f=\" 1",
                             "m f=\"a\\\" 1",
                             "m f=\"a\\b\" 1",
                             "m f=\"a\"b 1",
                             "m\\ f=1 1",
                             "m\\x f=1 1",
                             "m f=1 9223372036854775808",
                             "m f=9223372036854775808i 1",
                             "m f=1 2 3"}) {
        CAPTURE(line);
        CHECK(wrong_with_line(line).starts_with("invalid line protocol: "));
    }
    CHECK(wrong_with_line("m f=1 x") ==
          "invalid line protocol: the time is missing or not an integer (ns since 1970)");
}

TEST_CASE("damaged lines are refused, or give a point that survives the round trip") {
    constexpr unsigned seed = 20'261'121;
    CAPTURE(seed);
    std::mt19937 random(seed);
    HostilePoints hostile;
    PointBuffer points;
    std::size_t read = 0;
    for (int round = 0; round < 5000; ++round) {
        points.clear();
        hostile.add(points);
        std::string line = points.empty() ? "" : line_of(points[0]).value_or("");
        for (auto damages = random() % 3 + 1; damages > 0 && !line.empty(); --damages) {
            line[random() % line.size()] = static_cast<char>(random());
            if (random() % 4 == 0)
                line.resize(random() % line.size());
        }
        PointBuffer back;
        if (encode::parse_line_protocol(line, back)) {
            REQUIRE(back.empty());
            continue;
        }
        CAPTURE(line);
        REQUIRE(back.size() == 1);
        if (const auto again = line_of(back[0])) {
            REQUIRE(there_and_back(*again) == *again);
            ++read;
        }
    }
    CHECK(read > 100);
}
