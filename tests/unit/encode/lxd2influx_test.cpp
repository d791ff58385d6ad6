// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/line_protocol.hpp"
#include "encode/lxd2influx.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <initializer_list>
#include <string>

using lxcmon::Field;
using lxcmon::PointBuffer;
using lxcmon::Tag;

namespace {

/// The line of the old point; empty: there is none.
std::string old_line(std::string_view measurement, std::initializer_list<Tag> tags,
                     std::initializer_list<Field> fields) {
    PointBuffer points;
    points.begin(measurement, 1'000'000'000);
    points.tags(tags);
    for (const Field& field : fields)
        points.field(field.key, field.value);
    points.end();
    PointBuffer old;
    lxcmon::encode::translate_for_lxd2influx(points[0], old);
    std::string text;
    if (!old.empty())
        lxcmon::encode::append_line_protocol(text, old[0]);
    return text;
}

} // namespace

TEST_CASE(
    "lxd2influx's cpu is in USER_HZ, also where microseconds times USER_HZ are too many for an integer") {
    REQUIRE(::sysconf(_SC_CLK_TCK) == 100);
    CHECK(old_line("lxc_cpu", {{"container", "web"}, {"host", "one"}},
                   {{"usage_usec", std::int64_t{9}},
                    {"user_usec", std::int64_t{12'349'999}},
                    {"system_usec", std::int64_t{9'000'000'000'000'009'999}}}) ==
          "cpu,container=web,host=one cpuacct.stat.user=1234i,cpuacct.stat.system=900000000000000i "
          "1000000000\n");
}

TEST_CASE("lxd2influx's memory, network and disk have its names and integers") {
    CHECK(old_line("lxc_memory", {{"container", "web"}},
                   {{"usage_bytes", std::int64_t{4096}}, {"used_percent", 0.5}}) ==
          "memory,container=web memory.usage_in_bytes=4096i 1000000000\n");
    CHECK(old_line("lxc_net", {{"container", "web"}, {"interface", "eth0"}},
                   {{"rx_bytes", std::int64_t{1}},
                    {"tx_bytes", std::int64_t{2}},
                    {"rx_packets", std::int64_t{3}},
                    {"tx_packets", std::int64_t{4}},
                    {"rx_errors", std::int64_t{5}}}) ==
          "network,container=web,interface=eth0 rx_bytes=1i,tx_bytes=2i,rx_packets=3i,tx_packets=4i "
          "1000000000\n");
    CHECK(old_line("lxc_fs",
                   {{"container", "web"},
                    {"device", "/dev/sda1"},
                    {"fstype", "ext4"},
                    {"mountpoint", "/srv"},
                    {"site", "berlin"}},
                   {{"used_bytes", std::int64_t{7}}, {"disk_device", std::string_view("data")}}) ==
          "disk,container=web,disk=data,site=berlin usage=7i 1000000000\n");
}

TEST_CASE("lxd2influx has no point of what it did not measure, or what is not there") {
    CHECK(old_line("lxc_fs", {{"container", "web"}, {"mountpoint", "/"}}, {{"used_bytes", std::int64_t{7}}})
              .empty());
    CHECK(old_line("lxc_state", {}, {{"restarts", std::int64_t{7}}}).empty());
    CHECK(old_line("lxc_memory", {}, {{"limit_bytes", std::int64_t{7}}}).empty());
    CHECK(old_line("host_cpu", {}, {{"user_usec", std::int64_t{7}}}).empty());
    CHECK(old_line("lxc_cpu", {{"container", "web"}}, {{"system_usec", std::int64_t{10'000}}}) ==
          "cpu,container=web cpuacct.stat.system=1i 1000000000\n");
}
