// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/top/details.hpp"
#include "text/display_width.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::push;

namespace {

constexpr std::int64_t sec = 1'000'000'000;

void add_point(PointBuffer& points, std::string_view measurement, std::string_view container,
               std::string_view key, std::string_view value, std::initializer_list<Field> fields) {
    points.begin(measurement, 1);
    points.tag("container", container);
    points.tag(key, value);
    for (const Field& field : fields)
        points.field(field.key, field.value);
    points.end();
}

void fill(PointBuffer& points, std::int64_t pid, std::int64_t bytes) {
    points.clear();
    for (const char* name : {"web", "other"}) {
        add_point(points, "lxc_state", name, "", "", {{"init_pid", pid}});
        add_point(points, "lxc_net", name, "interface", "eth0",
                  {{"rx_bytes", bytes}, {"tx_bytes", std::int64_t{5}}, {"host_interface", "veth\x1b"}});
        add_point(points, "lxc_io", name, "device", "sda", {{"read_bytes", bytes}});
        add_point(
            points, "lxc_process", name, "command", "nginx",
            {{"count", std::int64_t{2}}, {"cpu_usec", bytes * 1000}, {"rss_bytes", std::int64_t{2048}}});
    }
}

bool has(const Details& details, std::string_view text) {
    for (const std::string& line : details.lines())
        if (line.find(text) != std::string::npos)
            return true;
    return false;
}

} // namespace

TEST_CASE("rates are those of one container with one init") {
    text::use_utf8_locale();
    Details details;
    PointBuffer points;
    fill(points, 7, 1000);
    details.read(points, "web", "", sec);
    CHECK(has(details, "eth0       veth_         -    -"));
    CHECK(has(details, "nginx            2    -    2.0K"));
    fill(points, 7, 2000);
    details.read(points, "web", "", 3 * sec);
    CHECK(has(details, "500B/s"));
    CHECK(has(details, "50.0%")); // 1 s of CPU in 2 s
    CHECK_FALSE(has(details, "FILESYSTEM"));
    SUBCASE("another init") {
        fill(points, 8, 3000);
        details.read(points, "web", "", 5 * sec);
    }
    SUBCASE("another container") {
        fill(points, 7, 3000);
        details.read(points, "other", "", 5 * sec);
    }
    SUBCASE("a counter that began again") {
        fill(points, 7, 10);
        details.read(points, "web", "", 5 * sec);
    }
    CHECK_FALSE(has(details, "500B/s"));
}

TEST_CASE("a container without points has no details") {
    Details details;
    details.read(PointBuffer{}, "web", "", sec);
    CHECK(details.lines().empty());
}

TEST_CASE("rates are over the time between two samples that were read, and stay while there is no new one") {
    text::use_utf8_locale();
    Details details;
    PointBuffer points;
    fill(points, 7, 1000);
    details.read(points, "web", "", sec);
    fill(points, 7, 2000);
    details.read(points, "web", "", 101 * sec); // it was not shown for 50 samples
    CHECK(has(details, "10B/s"));
    CHECK(has(details, "1.0%"));
    details.read(points, "web", "", 101 * sec);
    CHECK(has(details, "10B/s"));
}

TEST_CASE("a long name leaves the figures in sight") {
    text::use_utf8_locale();
    Details details;
    PointBuffer points;
    add_point(points, "lxc_state", "web", "", "", {{"init_pid", std::int64_t{7}}});
    const std::string mount_point = "/" + std::string(800, 'x');
    add_point(points, "lxc_fs", "web", "mountpoint", mount_point,
              {{"used_bytes", std::int64_t{1024}}, {"used_percent", 12.5}});
    details.read(points, "web", "", sec);
    for (const std::string& line : details.lines())
        CHECK(text::display_width(line) <= 90);
    CHECK(has(details, "12.5%"));
}
