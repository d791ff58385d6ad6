// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/lxc_monitor.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <stdlib.h>

#include <ctime>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

using namespace lxcmon;
using encode::LxcMonitor;
using encode::SnapshotSummary;

namespace {

using Json = nlohmann::ordered_json;
using SomeFields = std::initializer_list<std::pair<std::string_view, FieldValue>>;
using SomeTags = std::initializer_list<Tag>;

constexpr std::int64_t gib = std::int64_t{1} << 30U, mib = std::int64_t{1} << 20U;
constexpr std::int64_t tick_time_ns = 1'700'000'000'250'000'000; // 2023-11-14 22:13:20.25 UTC

struct Monitor {
    LxcMonitor monitor{3, Selection::by_default(), 4};

    Monitor() {
        ::setenv("TZ", "XXX-2", 1); // two hours east
        ::tzset();
    }

    void add(std::string_view measurement, std::string_view container, SomeFields fields,
             SomeTags tags = {}) {
        PointBuffer points;
        points.begin(measurement, tick_time_ns);
        points.tag("container", container);
        for (const Tag& tag : tags)
            points.tag(tag.key, tag.value);
        for (const auto& [key, value] : fields)
            points.field(key, value);
        points.end();
        monitor.add(points[0]);
    }
    /// A container with one core used.
    void add_cpu(std::string_view container = "101", SomeTags tags = {}) {
        add("lxc_cpu", container, {{"usage_percent", 100.0}}, tags);
    }
    void add_all(std::string_view container = "101") {
        add("lxc_cpu", container,
            {{"usage_percent", 100.0}, {"limit_cores", 2.0}, {"cpus", std::int64_t{4}}});
        add("lxc_memory", container,
            {{"used_bytes", 256 * mib}, {"swap_usage_bytes", mib / 2}, {"swap_limit_bytes", 8 * gib}});
        add("lxc_pids", container, {{"processes", std::int64_t{12}}, {"threads", std::int64_t{30}}});
        add("lxc_io", container, {{"read_ops", std::int64_t{5}}, {"write_ops", std::int64_t{7}}},
            {{"device", "sda"}});
        add("lxc_io", container, {{"read_ops", std::int64_t{1}}, {"write_ops", std::int64_t{2}}},
            {{"device", "sdb"}});
        add("lxc_io", container, {{"read_ops", std::int64_t{100}}},
            {{"device", "dm-0"}, {"stacked", "true"}});
        add("lxc_net", container, {{"rx_bytes", std::int64_t{10}}, {"tx_bytes", std::int64_t{20}}},
            {{"interface", "eth0"}});
        add("lxc_net", container, {{"rx_bytes", std::int64_t{1}}, {"tx_bytes", std::int64_t{2}}},
            {{"interface", "eth1"}});
        add_root(container);
        add("lxc_fs", container, {{"used_bytes", gib}, {"total_bytes", gib}}, {{"mountpoint", "/mnt"}});
    }
    void add_root(std::string_view container = "101") {
        add("lxc_fs", container,
            {{"used_bytes", gib / 2}, {"total_bytes", 4 * gib}, {"available_bytes", 3 * gib}},
            {{"mountpoint", "/"}});
    }
    /// The snapshot; null: there is none.
    Json end(const SnapshotSummary& summary = {}) {
        std::string line;
        if (!monitor.end(line, summary)) {
            CHECK(line.empty());
            return {};
        }
        CHECK(line.find('\n') == line.size() - 1);
        return Json::parse(line);
    }
};

std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& each : object.items())
        keys.push_back(each.key());
    return keys;
}

using Keys = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(Monitor, "a snapshot has the keys, the units and the order of LXC Monitor") {
    monitor.begin();
    add("host_memory", "", {{"swap_limit_bytes", 2 * gib}});
    add_all();
    const Json snapshot = end({tick_time_ns, tick_time_ns + 5'000'000, 0.005, 1.5, 12 * mib});
    CHECK(
        snapshot.dump() ==
        R"({"101":{"timestamp":"2023-11-15T00:13:20.250000","cpu_usage_percent":50.0,"memory_usage_mb":256.0,)"
        R"("swap_usage_mb":0.5,"swap_total_mb":2048.0,"process_count":12,"io_stats":{"reads":6,"writes":9},)"
        R"("network_usage":{"rx_bytes":11,"tx_bytes":22},"filesystem_usage_gb":0.5,"filesystem_total_gb":4.0,)"
        R"("filesystem_free_gb":3.0},"summary":{"collection_start_time":"2023-11-15T00:13:20.250000",)"
        R"("collection_end_time":"2023-11-15T00:13:20.255000","total_containers":1,"total_duration_seconds":0.005,)"
        R"("monitor_cpu_percent":1.5,"monitor_memory_usage_mb":12.0}})");
}

TEST_CASE_FIXTURE(Monitor, "CPU usage is of the limit, else of the cpuset, else of the host") {
    monitor.begin();
    add("lxc_cpu", "limit", {{"usage_percent", 100.0}, {"limit_cores", 0.5}, {"cpus", std::int64_t{2}}});
    add("lxc_cpu", "cpuset", {{"usage_percent", 100.0}, {"cpus", std::int64_t{2}}});
    add("lxc_cpu", "none", {{"usage_percent", 100.0}});
    const Json snapshot = end();
    CHECK(snapshot["limit"]["cpu_usage_percent"] == 200.0);
    CHECK(snapshot["cpuset"]["cpu_usage_percent"] == 50.0);
    CHECK(snapshot["none"]["cpu_usage_percent"] == 25.0);
    CHECK(snapshot["summary"]["total_containers"] == 3);
}

TEST_CASE_FIXTURE(Monitor,
                  "a container is in it from its second sample on; without one there is no snapshot") {
    monitor.begin();
    add("lxc_cpu", "101", {{"usage_usec", std::int64_t{1}}});
    add("lxc_memory", "101", {{"used_bytes", mib}});
    add("lxc_state", "102", {{"state", std::string_view("STOPPED")}});
    CHECK(end().is_null());
    monitor.begin();
    add_cpu("101");
    add("lxc_cpu", "103", {{"usage_usec", std::int64_t{1}}});
    add("lxc_state", "102", {{"state", std::string_view("STOPPED")}});
    CHECK(keys_of(end()) == Keys{"101", "summary"});
    monitor.begin(); // 101 has stopped
    add_cpu("103");
    add("lxc_state", "101", {{"state", std::string_view("STOPPED")}});
    CHECK(keys_of(end()) == Keys{"103", "summary"});
}

TEST_CASE_FIXTURE(Monitor, "values that are not sampled at each tick stay for a while, and not for ever") {
    monitor.begin();
    add_all();
    CHECK(end()["101"].size() == 11);
    for (int round = 1; round < 3; ++round) {
        monitor.begin();
        add_cpu();
        const Json entry = end()["101"];
        CHECK(entry["process_count"] == 12);
        CHECK(entry["filesystem_usage_gb"] == 0.5);
        CHECK(entry["cpu_usage_percent"] == 50.0); // so does the limit
        CHECK(entry["io_stats"]["reads"] == 6);
    }
    monitor.begin();
    add_cpu();
    const Json entry = end()["101"];
    CHECK_FALSE(entry.contains("process_count"));
    CHECK_FALSE(entry.contains("filesystem_usage_gb"));
    CHECK_FALSE(entry.contains("memory_usage_mb"));
}

TEST_CASE_FIXTURE(Monitor, "no device, no interface and no swap are 0, as in LXC Monitor") {
    monitor.begin();
    add_cpu();
    const Json entry = end()["101"];
    CHECK(entry["io_stats"] == Json({{"reads", 0}, {"writes", 0}}));
    CHECK(entry["network_usage"] == Json({{"rx_bytes", 0}, {"tx_bytes", 0}}));
    CHECK(entry["swap_usage_mb"] == 0.0);
    CHECK(entry["swap_total_mb"] == 0.0);
    CHECK_FALSE(entry.contains("filesystem_usage_gb")); // not known is not 0
}

TEST_CASE_FIXTURE(Monitor, "filesystems that are not sampled are 0") {
    const std::vector<std::string> without{"!*_fs"};
    monitor = LxcMonitor(3, Selection::of(without), 4);
    monitor.begin();
    add_cpu();
    CHECK(end()["101"]["filesystem_total_gb"] == 0.0);
}

TEST_CASE_FIXTURE(Monitor, "without CPU usage among the metrics the container is there without it") {
    const std::vector<std::string> memory{"lxc_memory"};
    monitor = LxcMonitor(3, Selection::of(memory), 4);
    monitor.begin();
    add("lxc_memory", "101", {{"used_bytes", mib}});
    const Json entry = end()["101"];
    CHECK_FALSE(entry.contains("cpu_usage_percent"));
    CHECK(entry["memory_usage_mb"] == 1.0);
}

TEST_CASE_FIXTURE(Monitor, "each key is there once, whatever a container is named") {
    monitor.begin();
    add_cpu("web");
    add_cpu("web", {{"lxcpath", "/home/a/lxc"}});
    add_cpu("summary");
    add_cpu("a\"b\n\xff");
    const Json snapshot = end();
    CHECK(keys_of(snapshot) ==
          Keys{"a\"b\n\xEF\xBF\xBD", "summary (container)", "web", "/home/a/lxc/web", "summary"});
    CHECK(snapshot["summary"]["total_containers"] == 4);
}

TEST_CASE_FIXTURE(Monitor, "times have microseconds, also if there are none") {
    monitor.begin();
    add_cpu();
    CHECK(end({0, 999, 0, 0})["summary"]["collection_start_time"] == "1970-01-01T02:00:00.000000");
}

TEST_CASE_FIXTURE(Monitor,
                  "an entry has the time of its first point, the tick's, also if others are read late") {
    monitor.begin();
    add_cpu();
    PointBuffer late;
    late.begin("lxc_memory", tick_time_ns + 1'000'000'000);
    late.tag("container", "101");
    late.field("used_bytes", mib);
    late.end();
    monitor.add(late[0]);
    CHECK(end()["101"]["timestamp"] == "2023-11-15T00:13:20.250000");
}
