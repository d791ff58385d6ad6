// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/selection.hpp"

#include "model/readings.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace lxcmon;

namespace {

Selection of(const std::vector<std::string>& patterns) {
    return Selection::of(patterns);
}

constexpr FieldId usage = field_id("lxc_cpu", "usage_usec");
constexpr FieldId cpus = field_id("lxc_cpu", "cpus");
constexpr FieldId limit = field_id("lxc_memory", "limit_bytes");
constexpr FieldId tcp = field_id("lxc_socket", "tcp_inuse");

} // namespace

TEST_CASE("the default is every measurement except those off by default") {
    for (const Selection& each : {Selection::by_default(), of({})}) {
        CHECK(each.has(usage));
        CHECK(each.has_any(fields_of("host_cpu")));
        CHECK_FALSE(each.has_any(fields_of("lxc_socket")));
        CHECK_FALSE(each.has_any(fields_of("lxc_process")));
    }
    CHECK(Selection::everything().has(tcp));
}

TEST_CASE("a first pattern without a sign starts from the empty selection") {
    const Selection cpu_only = of({"lxc_cpu"});
    CHECK(cpu_only.has(usage));
    CHECK_FALSE(cpu_only.has(limit));
    CHECK_FALSE(cpu_only.has_any(fields_of("lxcmon_push")));
    const Selection bytes = of({"lxc_*.*_bytes", "lxc_cpu.cpus"});
    CHECK(bytes.has(limit));
    CHECK(bytes.has(cpus));
    CHECK_FALSE(bytes.has(usage));
    CHECK_FALSE(bytes.has_any(fields_of("host_memory")));
}

TEST_CASE("patterns with signs change the default, in order") {
    const Selection changed = of({"+lxc_socket", "!lxc_cpu", "lxc_cpu.cpus", "!host_*"});
    CHECK(changed.has(tcp));
    CHECK(changed.has(cpus));
    CHECK_FALSE(changed.has(usage));
    CHECK(changed.has(limit));
    CHECK_FALSE(changed.has_any(fields_of("host_net")));
    CHECK_FALSE(of({"!lxc_cpu.cpus"}).has(cpus));
}

TEST_CASE("a field that is off by default is added by a pattern of fields, not by its measurement's name") {
    for (FieldId field = 0; field < field_count; ++field) {
        const std::string measurement(field_table[field].measurement);
        if (measurement.empty() || field_table[field].is_on_by_default)
            continue;
        CAPTURE(measurement);
        CAPTURE(std::string(field_table[field].name));
        CHECK_FALSE(Selection::by_default().has(field));
        CHECK_FALSE(of({"+" + measurement}).has(field));
        CHECK_FALSE(of({measurement}).has(field));
        CHECK(of({"+" + measurement + ".*"}).has(field));
        CHECK_FALSE(of({"+" + measurement + ".*", "!" + measurement}).has(field));
        CHECK(Selection::everything().has(field));
    }
}

TEST_CASE("a pattern that matches no field is refused; fields of no measurement do not count") {
    for (const std::string pattern : {"lxc_cpo", "lxc_cpu.usage", "", "!", ".slab_reclaimable_bytes", "+x"}) {
        CAPTURE(pattern);
        CHECK_THROWS_AS(static_cast<void>(of({pattern})), std::invalid_argument);
    }
}

TEST_CASE("a point has only selected fields; without any there is no point") {
    Readings readings;
    readings.set(usage, std::int64_t{5});
    readings.set(cpus, std::int64_t{2});
    PointBuffer points;
    points.select(of({"!lxc_cpu.usage_usec"}));
    readings.emit(fields_of("lxc_cpu"), {}, {}, 1, points);
    REQUIRE(points.size() == 1);
    REQUIRE(points[0].fields.size() == 1);
    CHECK(points[0].fields[0].key == "cpus");
    points.select(of({"!lxc_cpu"}));
    readings.emit(fields_of("lxc_cpu"), {}, {}, 1, points);
    CHECK(points.size() == 1);
}
