// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/point.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace lxcmon;

namespace {

/// The tags of a point as "key=value key=value".
std::string tags_of(const Point& point) {
    std::string text;
    for (const Tag& tag : point.tags)
        text += (text.empty() ? "" : " ") + std::string(tag.key) + "=" + std::string(tag.value);
    return text;
}

void add_point(PointBuffer& points, std::string_view measurement, std::int64_t number) {
    points.begin(measurement, number);
    points.tag("host", "h");
    points.field("number", number);
    points.end();
}

} // namespace

TEST_CASE("a point has its measurement, time, tags and fields") {
    PointBuffer points;
    CHECK(points.empty());
    points.begin("lxc_cpu", 1'700'000'000'000'000'000);
    points.tag("host", "h");
    points.field("integer", std::int64_t{-5});
    points.field("floating", 1.5);
    points.field("boolean", true);
    points.field("text", "RUNNING");
    points.end();
    REQUIRE(points.size() == 1);
    const Point point = points[0];
    CHECK(point.measurement == "lxc_cpu");
    CHECK(point.time_ns == 1'700'000'000'000'000'000);
    CHECK(tags_of(point) == "host=h");
    REQUIRE(point.fields.size() == 4);
    CHECK(point.fields[0].key == "integer");
    CHECK(std::get<std::int64_t>(point.fields[0].value) == -5);
    CHECK(std::get<double>(point.fields[1].value) == 1.5);
    CHECK(std::get<bool>(point.fields[2].value));
    CHECK(std::get<std::string_view>(point.fields[3].value) == "RUNNING");
}

TEST_CASE("tags are sorted by the bytes of their keys") {
    PointBuffer points;
    points.begin("m", 1);
    for (const char* key : {"name", "\xc3\xa4", "container", "Z", "host", "a.b", "a", "ab"})
        points.tag(key, "v");
    points.field("f", true);
    points.end();
    CHECK(tags_of(points[0]) == "Z=v a=v a.b=v ab=v container=v host=v name=v \xc3\xa4=v");
}

TEST_CASE("of tags with the same key the last one is kept") {
    PointBuffer points;
    const std::vector<Tag> own{{"b", "4"}, {"a", "5"}};
    points.begin("m", 1);
    points.tag("b", "1");
    points.tag("a", "2");
    points.tag("b", "3");
    points.tags(own);
    points.tag("c", "6");
    points.field("f", true);
    points.end();
    CHECK(tags_of(points[0]) == "a=5 b=4 c=6");
}

TEST_CASE("a tag with an empty value is skipped and replaces no other tag") {
    PointBuffer points;
    points.begin("m", 1);
    points.tag("a", "1");
    points.tag("a", "");
    points.tag("b", "");
    points.field("f", true);
    points.end();
    CHECK(tags_of(points[0]) == "a=1");
}

TEST_CASE("a point without fields is dropped together with its tags") {
    PointBuffer points;
    points.begin("empty", 1);
    points.tag("gone", "x");
    points.end();
    CHECK(points.empty());
    add_point(points, "next", 2);
    REQUIRE(points.size() == 1);
    CHECK(points[0].measurement == "next");
    CHECK(tags_of(points[0]) == "host=h");
    for (int count = 0; count < 100; ++count) {
        points.begin("empty", 1);
        points.tag("gone", "x");
        points.end();
    }
    add_point(points, "last", 3);
    // Dropped points leave no gap between the two.
    CHECK(points[1].tags.data() == points[0].tags.data() + 1);
}

TEST_CASE("NaN and infinities are skipped; a point without other fields is dropped") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    PointBuffer points;
    points.begin("m", 1);
    points.field("nan", std::nan(""));
    points.field("plus", infinity);
    points.field("minus", -infinity);
    points.end();
    CHECK(points.empty());
    points.begin("m", 1);
    points.field("nan", std::nan(""));
    points.field("good", std::numeric_limits<double>::max());
    points.end();
    REQUIRE(points.size() == 1);
    REQUIRE(points[0].fields.size() == 1);
    CHECK(points[0].fields[0].key == "good");
}

TEST_CASE("truncate removes the last points; later points are complete") {
    PointBuffer points;
    for (std::int64_t number = 0; number < 5; ++number)
        add_point(points, "m", number);
    points.truncate(7);
    points.truncate(5);
    CHECK(points.size() == 5);
    points.truncate(2);
    REQUIRE(points.size() == 2);
    add_point(points, "new", 9);
    REQUIRE(points.size() == 3);
    CHECK(points[1].time_ns == 1);
    CHECK(points[2].measurement == "new");
    CHECK(points[2].fields.data() == points[1].fields.data() + 1);
    CHECK(points[2].tags.data() == points[1].tags.data() + 1);
    CHECK(tags_of(points[2]) == "host=h");
    REQUIRE(points[2].fields.size() == 1);
    CHECK(std::get<std::int64_t>(points[2].fields[0].value) == 9);
    points.truncate(0);
    CHECK(points.empty());
}

TEST_CASE("a stored text stays valid after many more are stored") {
    PointBuffer points;
    std::vector<std::string_view> stored;
    for (int number = 0; number < 10'000; ++number)
        stored.push_back(points.store("text " + std::to_string(number)));
    for (std::size_t number = 0; number < stored.size(); ++number)
        REQUIRE(stored[number] == "text " + std::to_string(number));
    CHECK(points.store("").empty());
    CHECK(points.store(std::string_view("a\0b", 3)).size() == 3);
}

TEST_CASE("a buffer can be used again after clear") {
    PointBuffer points;
    for (int round = 0; round < 3; ++round) {
        points.clear();
        CHECK(points.empty());
        for (std::int64_t number = 0; number < 100; ++number)
            add_point(points, points.store("m" + std::to_string(number)), number + round);
        REQUIRE(points.size() == 100);
        CHECK(points[99].measurement == "m99");
        CHECK(points[0].measurement == "m0");
        CHECK(points[99].time_ns == 99 + round);
        CHECK(tags_of(points[50]) == "host=h");
    }
}

TEST_CASE("clear keeps the storage: a steady tick does not allocate") {
    PointBuffer points;
    const std::string long_text(1000, 'x');
    const char* const first = points.store(long_text).data();
    points.clear();
    CHECK(points.store(long_text).data() == first);
}
