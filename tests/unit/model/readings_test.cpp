// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/readings.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace lxcmon;

namespace {

constexpr FieldId usage_usec = field_id("lxc_cpu", "usage_usec");
constexpr FieldId usage_percent = field_id("lxc_cpu", "usage_percent");
constexpr FieldId burst_usec = field_id("lxc_cpu", "burst_usec");
constexpr FieldId memory_usage = field_id("lxc_memory", "usage_bytes");
constexpr FieldRange cpu = fields_of("lxc_cpu");

} // namespace

TEST_CASE("a field that is not set is absent") {
    Readings readings;
    CHECK_FALSE(readings.integer(usage_usec));
    readings.set(usage_usec, std::int64_t{0});
    CHECK(readings.integer(usage_usec) == 0);
    readings.set(usage_usec, std::int64_t{7});
    CHECK(readings.integer(usage_usec) == 7);
    CHECK_FALSE(readings.integer(memory_usage));
    readings.set(usage_percent, 2.0);
    CHECK_FALSE(readings.integer(usage_percent));
    readings.clear();
    CHECK_FALSE(readings.integer(usage_usec));
}

TEST_CASE("emit adds one point with the fields of its measurement that are set") {
    Readings readings;
    readings.set(burst_usec, std::int64_t{3});
    readings.set(usage_usec, std::int64_t{1});
    readings.set(usage_percent, 12.5);
    readings.set(memory_usage, std::int64_t{4096});
    const std::array<Tag, 2> tags{{{"host", "h"}, {"container", "c"}}};
    const std::array<Tag, 1> own{{{"device", "sda"}}};
    PointBuffer points;
    readings.emit(cpu, tags, own, 5, points);
    REQUIRE(points.size() == 1);
    const Point point = points[0];
    CHECK(point.measurement == "lxc_cpu");
    CHECK(point.time_ns == 5);
    REQUIRE(point.tags.size() == 3);
    CHECK(point.tags[0].key == "container");
    CHECK(point.tags[1].key == "device");
    CHECK(point.tags[2].key == "host");
    REQUIRE(point.fields.size() == 3);
    CHECK(point.fields[0].key == "usage_usec");
    CHECK(point.fields[1].key == "usage_percent");
    CHECK(std::get<double>(point.fields[1].value) == 12.5);
    CHECK(point.fields[2].key == "burst_usec");
    CHECK(std::get<std::int64_t>(point.fields[2].value) == 3);
}

TEST_CASE("emit adds no point if no field of the measurement is set") {
    Readings readings;
    readings.set(memory_usage, std::int64_t{4096});
    PointBuffer points;
    readings.emit(cpu, {}, {}, 5, points);
    CHECK(points.empty());
}
