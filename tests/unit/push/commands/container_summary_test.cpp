// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/container_summary.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace lxcmon;
using namespace lxcmon::push;

namespace {

template <typename Fill>
void add(ContainerSummary& summary, std::string_view measurement, Fill fill) {
    PointBuffer points;
    points.begin(measurement, 1);
    fill(points);
    points.end();
    add_to_summary(points[0], summary);
}

void add_interface(ContainerSummary& summary, std::int64_t rx, std::int64_t tx) {
    add(summary, "lxc_net", [&](PointBuffer& points) {
        points.field("rx_bytes", rx);
        points.field("tx_bytes", tx);
    });
}

void add_filesystem(ContainerSummary& summary, std::string_view mount_point, std::int64_t used,
                    std::int64_t total) {
    add(summary, "lxc_fs", [&](PointBuffer& points) {
        points.tag("mountpoint", mount_point);
        points.field("used_bytes", used);
        points.field("total_bytes", total);
    });
}

ContainerSummary running(std::int64_t rx, std::int64_t tx) {
    ContainerSummary summary;
    summary.name = "web1";
    summary.lxcpath = "/var/lib/lxc";
    summary.state = "RUNNING";
    summary.init_pid = 100;
    add_interface(summary, rx, tx);
    return summary;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);)
        lines.push_back(line);
    return lines;
}

} // namespace

TEST_CASE("the values of each point go into the summary") {
    ContainerSummary summary;
    add(summary, "lxc_state", [](PointBuffer& points) {
        points.field("state", "FROZEN");
        points.field("init_pid", std::int64_t{42});
    });
    add(summary, "lxc_cpu", [](PointBuffer& points) { points.field("usage_percent", 12.5); });
    add(summary, "lxc_memory", [](PointBuffer& points) {
        points.field("used_bytes", std::int64_t{1000});
        points.field("limit_bytes", std::int64_t{2000});
    });
    add_filesystem(summary, "/data", 70, 90);
    add_filesystem(summary, "/", 5, 9);
    add_filesystem(summary, "/tmp", 700, 900);
    CHECK(summary.state == "FROZEN");
    CHECK(summary.init_pid == 42);
    CHECK(summary.cpu_percent == 12.5);
    CHECK(summary.memory_used_bytes == 1000);
    CHECK(summary.memory_limit_bytes == 2000);
    CHECK(summary.disk_used_bytes == 5);
    CHECK(summary.disk_total_bytes == 9);
    CHECK_FALSE(summary.rx_bytes);
}

TEST_CASE("interfaces are added up; absent values stay absent") {
    ContainerSummary summary;
    add_interface(summary, 10, 1);
    add_interface(summary, 20, 2);
    add(summary, "lxc_net", [](PointBuffer& points) { points.field("mtu", std::int64_t{1500}); });
    CHECK(summary.rx_bytes == 30);
    CHECK(summary.tx_bytes == 3);
    add(summary, "lxc_cpu", [](PointBuffer& points) { points.field("usage_usec", std::int64_t{1}); });
    CHECK_FALSE(summary.cpu_percent);
}

TEST_CASE("rates come from two samples with the same init") {
    ContainerSummary now = running(3000, 500);
    set_rates(running(1000, 500), 2.0, now);
    CHECK(now.rx_bytes_per_sec == 1000.0);
    CHECK(now.tx_bytes_per_sec == 0.0);
}

TEST_CASE("no rate if a counter went backwards") {
    ContainerSummary now = running(999, 600);
    set_rates(running(1000, 500), 1.0, now);
    CHECK_FALSE(now.rx_bytes_per_sec);
    CHECK(now.tx_bytes_per_sec == 100.0);
}

TEST_CASE("no rate if init has changed, a sample is missing or no time has passed") {
    const ContainerSummary earlier = running(1000, 500);
    SUBCASE("another init") {
        ContainerSummary now = running(3000, 900);
        now.init_pid = 101;
        set_rates(earlier, 1.0, now);
        CHECK_FALSE(now.rx_bytes_per_sec);
        CHECK_FALSE(now.tx_bytes_per_sec);
    }
    SUBCASE("not seen before") {
        ContainerSummary now = running(3000, 900);
        set_rates({}, 1.0, now);
        CHECK_FALSE(now.rx_bytes_per_sec);
    }
    SUBCASE("stopped since") {
        ContainerSummary now;
        set_rates(earlier, 1.0, now);
        CHECK_FALSE(now.rx_bytes_per_sec);
    }
    SUBCASE("no time between the samples") {
        ContainerSummary now = running(3000, 900);
        set_rates(earlier, 0.0, now);
        CHECK_FALSE(now.rx_bytes_per_sec);
    }
}

TEST_CASE("the table has a header, a line for each container and aligned columns") {
    ContainerSummary full = running(0, 0);
    full.name = "a-rather-long-name";
    full.cpu_percent = 12.34;
    full.memory_used_bytes = 1'572'864;
    full.memory_limit_bytes = 1'073'741'824;
    full.rx_bytes_per_sec = 1023;
    full.tx_bytes_per_sec = 2048;
    full.disk_used_bytes = 500;
    ContainerSummary stopped;
    stopped.name = "s";
    stopped.state = "STOPPED";
    CHECK(summaries_as_table({full, stopped}) ==
          "NAME                STATE    CPU    MEMORY             NETWORK                     DISK\n"
          "a-rather-long-name  RUNNING  12.3%  1.5 MiB / 1.0 GiB  1023 B/s in, 2.0 KiB/s out  500 B\n"
          "s                   STOPPED  -      -                  -                           -\n");
}

TEST_CASE("two containers with the same name are told apart by their lxcpaths") {
    ContainerSummary web;
    web.name = "web";
    web.lxcpath = "/var/lib/lxc";
    ContainerSummary other = web;
    other.lxcpath = "/home/u/lxc";
    CHECK(summaries_as_table({web, other}) == "NAME  LXCPATH       STATE  CPU  MEMORY  NETWORK  DISK\n"
                                              "web   /var/lib/lxc         -    -       -        -\n"
                                              "web   /home/u/lxc          -    -       -        -\n");
    other.name = "db";
    CHECK(summaries_as_table({web, other}).find("LXCPATH") == std::string::npos);
}

TEST_CASE("without containers the table is only its header") {
    CHECK(summaries_as_table({}) == "NAME  STATE  CPU  MEMORY  NETWORK  DISK\n");
}

TEST_CASE("a name with letters beyond ASCII keeps the columns aligned") {
    ContainerSummary plain = running(0, 0);
    ContainerSummary other = running(0, 0);
    other.name = "gr\xc3\xb6\xc3\x9f"
                 "e-\xc3\xa4\xc3\xb6\xc3\xbc";
    const auto lines = lines_of(summaries_as_table({plain, other}));
    REQUIRE(lines.size() == 3);
    // Five letters of two bytes each.
    CHECK(lines[2].find("RUNNING") == lines[1].find("RUNNING") + 5);
    CHECK(lines[0].find("STATE") == lines[1].find("RUNNING"));
}

TEST_CASE("a name can't control the terminal") {
    ContainerSummary summary = running(0, 0);
    summary.name = "a\x1b[31m\nb\x7f\xc2\x9b"
                   "31mc\xff";
    summary.state = "RUN\rNING";
    const auto lines = lines_of(summaries_as_table({summary}));
    REQUIRE(lines.size() == 2);
    CHECK(lines[1].starts_with("a_[31m_b___31mc_"));
    CHECK(lines[1].find("RUN_NING") != std::string::npos);
}

TEST_CASE("JSON contains the known values only") {
    ContainerSummary full = running(0, 0);
    full.cpu_percent = 12.5;
    full.memory_used_bytes = 1;
    full.memory_limit_bytes = 2;
    full.rx_bytes_per_sec = 3.5;
    full.tx_bytes_per_sec = 4.5;
    full.disk_used_bytes = 5;
    full.disk_total_bytes = 6;
    ContainerSummary stopped;
    stopped.name = "s";
    stopped.lxcpath = "/p";
    stopped.state = "STOPPED";
    const auto expected = nlohmann::json::parse(R"([
        {"name": "web1", "lxcpath": "/var/lib/lxc", "state": "RUNNING", "init_pid": 100, "cpu_percent": 12.5,
         "memory_used_bytes": 1, "memory_limit_bytes": 2, "rx_bytes_per_sec": 3.5, "tx_bytes_per_sec": 4.5,
         "disk_used_bytes": 5, "disk_total_bytes": 6},
        {"name": "s", "lxcpath": "/p", "state": "STOPPED"}])");
    CHECK(nlohmann::json::parse(summaries_as_json({full, stopped})) == expected);
    CHECK(summaries_as_json({}) == "[]\n");
}

TEST_CASE("a name that is not UTF-8 still gives valid JSON") {
    ContainerSummary summary;
    summary.name = "a\xff\n";
    const auto list = nlohmann::json::parse(summaries_as_json({summary}));
    CHECK(list[0]["name"] == "a\xEF\xBF\xBD\n");
}
