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

TEST_CASE("by default all is sent but what is off by default") {
    for (const Selection& each : {Selection::by_default(), of({})}) {
        CHECK(each.has(usage));
        CHECK(each.has_any(fields_of("host_cpu")));
        CHECK_FALSE(each.has_any(fields_of("lxc_socket")));
        CHECK_FALSE(each.has_any(fields_of("lxc_process")));
    }
    CHECK(Selection::everything().has(tcp));
}

TEST_CASE("a first pattern without a sign starts from nothing") {
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

TEST_CASE("signs change the default, the later over the earlier") {
    const Selection changed = of({"+lxc_socket", "!lxc_cpu", "lxc_cpu.cpus", "!host_*"});
    CHECK(changed.has(tcp));
    CHECK(changed.has(cpus));
    CHECK_FALSE(changed.has(usage));
    CHECK(changed.has(limit));
    CHECK_FALSE(changed.has_any(fields_of("host_net")));
    CHECK_FALSE(of({"!lxc_cpu.cpus"}).has(cpus));
}

TEST_CASE("a pattern that no field has is refused, and so are figures of no measurement") {
    for (const std::string pattern : {"lxc_cpo", "lxc_cpu.usage", "", "!", ".inactive_file_bytes", "+x"}) {
        CAPTURE(pattern);
        CHECK_THROWS_AS(static_cast<void>(of({pattern})), std::invalid_argument);
    }
}

TEST_CASE("a point has only what is selected, and is none where nothing of it is") {
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
