// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/output/target_group.hpp"

#include "app/settings/bad_setting.hpp"
#include "spool/folder.hpp"
#include "spool/owner.hpp"
#include "support/log_capture.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::push;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

Config of_host(const std::string& name) {
    Config config;
    config.collect.sample.tags.host = name;
    return config;
}

Config with_servers(const test::TempFolder& folder, std::vector<std::string> urls) {
    Config config = of_host("h");
    config.destinations.spool.folder = folder.path("spool");
    config.destinations.influx_mode = urls.size() > 1 ? "all" : config.destinations.influx_mode;
    config.destinations.influx_urls = std::move(urls);
    return config;
}

} // namespace

TEST_CASE("the hosts of a fleet send evenly spread over the jitter, each always at the same offset") {
    std::array<int, 10> tenths{};
    for (int number = 0; number < 1000; ++number) {
        const Config config = of_host("hypervisor-" + std::to_string(number) + ".example");
        const milliseconds offset = send_offset(config);
        CHECK(offset == send_offset(config));
        REQUIRE(offset >= milliseconds(0));
        REQUIRE(offset < seconds(1));
        ++tenths.at(static_cast<std::size_t>(offset.count() / 100));
    }
    for (const int hosts : tenths) {
        CHECK(hosts > 50);
        CHECK(hosts < 150);
    }
}

TEST_CASE("the jitter is configurable, and at most a quarter of the interval") {
    Config config = of_host("hypervisor-17.example");
    const milliseconds usual = send_offset(config);
    REQUIRE(usual.count() > 100);
    config.destinations.send_jitter = seconds(0);
    CHECK(send_offset(config) == milliseconds(0));
    config.destinations.send_jitter = seconds(2);
    CHECK(send_offset(config).count() / 2 == usual.count());
    config.collect.interval = milliseconds(400);
    CHECK(send_offset(config) < milliseconds(100));
}

TEST_CASE("with several servers the one that the spool's file names keeps the folder") {
    const test::TempFolder folder;
    Config config = with_servers(folder, {"http://127.0.0.1:9", "http://127.0.0.1:10"});
    const auto start = [&config] {
        const test::LogCapture log;
        TargetGroup group(config);
        group.start();
        CHECK(group.stop(milliseconds(0)).lost_lines == 0);
        return spool::read_owner(config.destinations.spool.folder);
    };
    CHECK(start() == "http://127.0.0.1:9");
    std::ranges::reverse(config.destinations.influx_urls);
    CHECK(start() == "http://127.0.0.1:9");
    CHECK(std::filesystem::exists(folder.path("spool/http_127.0.0.1_10/lock")));
    CHECK_FALSE(std::filesystem::exists(folder.path("spool/http_127.0.0.1_10/owner")));
    config.destinations.influx_urls = {"http://127.0.0.1:10"};
    CHECK(start() == "http://127.0.0.1:10");
}

TEST_CASE("points for a server that is no longer a target are logged") {
    const test::TempFolder folder;
    Config config = with_servers(folder, {"http://127.0.0.1:9", "http://127.0.0.1:10"});
    std::filesystem::create_directories(folder.path("spool/http_gone.example_8086"));
    std::filesystem::create_directories(folder.path("spool/lost+found"));
    folder.write("spool/http_gone.example_8086/000000000001.jsonl", "{}\n");
    std::filesystem::create_directories(folder.path("spool/http_done.example_8086"));
    folder.write("spool/http_done.example_8086/rejected.jsonl", "{}\n");
    test::LogCapture log;
    TargetGroup group(config);
    group.start();
    CHECK(group.stop(milliseconds(0)).lost_lines == 0);
    const std::string logged = log.take();
    CHECK(logged.find("http_done.example") == std::string::npos);
    CHECK(logged.find("http_gone.example_8086 has points") != std::string::npos);
    CHECK(logged.find("lost+found") == std::string::npos);
    CHECK(logged.find("127.0.0.1_10 has points") == std::string::npos);
    CHECK(std::filesystem::exists(folder.path("spool/http_127.0.0.1_10/lock")));
    CHECK(std::filesystem::exists(folder.path("spool/lock")));
}

TEST_CASE("a spool folder that other users may write is refused before it is read") {
    const test::TempFolder folder;
    Config config = with_servers(folder, {"http://127.0.0.1:9"});
    std::filesystem::create_directory(folder.path("spool"));
    REQUIRE(::chmod(folder.path("spool").c_str(), 0777) == 0);
    REQUIRE(::mkfifo(folder.path("spool/owner").c_str(), 0600) == 0); // opening it would wait for ever
    std::string refusal;
    try {
        const TargetGroup group(config);
    } catch (const app::BadSetting& bad) {
        refusal = bad.what();
    }
    CHECK(refusal.starts_with("lxcmon-push: --spool-dir: " + folder.path("spool") +
                              " may be written by other users"));
    config.destinations.influx_urls.clear(); // no server, no spool
    config.destinations.dry_run = true;
    CHECK_NOTHROW(TargetGroup{config});
}

TEST_CASE("--influx-mode without a server changes nothing: the points go to the JSON file") {
    const test::TempFolder folder;
    Config config = of_host("h");
    config.destinations.influx_mode = "all";
    config.destinations.json_file.path = folder.path("points.jsonl");
    TargetGroup group(config);
    group.start();
    group.push({"{}\n", 1}, Feed::json_lines);
    CHECK(group.stop(seconds(5)).lost_lines == 0);
    CHECK(std::filesystem::file_size(folder.path("points.jsonl")) == 3);
}

TEST_CASE("CSV files and another destination do not cost each other anything, and points count once") {
    const std::string line =
        R"({"fields":{"threads":3},"name":"lxc_pids","tags":{"host":"h"},"timestamp":1700000000000000000})"
        "\n";
    for (const std::string broken : {"", "points.jsonl", "csv"}) {
        CAPTURE(broken);
        const test::TempFolder folder;
        Config config = of_host("h");
        config.destinations.json_file.path = folder.path("points.jsonl");
        config.destinations.csv.folder = folder.path("csv");
        if (broken != "csv")
            std::filesystem::create_directory(folder.path("csv"));
        if (broken == "points.jsonl")
            std::filesystem::create_directory(folder.path("points.jsonl"));
        const test::LogCapture log;
        TargetGroup group(config);
        group.start();
        group.push({line, 1}, Feed::json_lines);
        CHECK(group.stop(seconds(5)).lost_lines == (broken.empty() ? 0 : 1));
        CHECK(group.status().counts.delivered_points == (broken == "points.jsonl" ? 0 : 1));
        CHECK(std::filesystem::exists(folder.path("csv/lxc_pids.h.csv")) == (broken != "csv"));
        CHECK(std::filesystem::is_regular_file(folder.path("points.jsonl")) == (broken != "points.jsonl"));
    }
}

TEST_CASE("a reload, which gives a target with a spool no time, gives it to CSV files") {
    const test::TempFolder folder;
    Config config = with_servers(folder, {"http://127.0.0.1:9"});
    config.destinations.csv.folder = folder.path("csv");
    std::filesystem::create_directory(folder.path("csv"));
    const test::LogCapture log;
    TargetGroup group(config);
    group.start();
    group.push({"lxc_pids,host=h threads=3i 1700000000000000000\n", 1}, Feed::line_protocol);
    CHECK(group.stop(milliseconds(0)).lost_lines == 0);
    CHECK(std::filesystem::file_size(folder.path("csv/lxc_pids.h.csv")) > 100);
}

TEST_CASE("each target gets what it is fed with, and one that can't start costs the others nothing") {
    const test::TempFolder folder;
    Config config = with_servers(folder, {"http://127.0.0.1:9"});
    config.destinations.wants_json_file = true;
    config.destinations.json_file.path = folder.path("snapshots.json");
    config.destinations.json_file.is_array = true;
    config.destinations.csv.folder = folder.path("csv");
    std::filesystem::create_directory(folder.path("csv"));
    const test::LogCapture log;
    TargetGroup other(config);
    other.start(); // holds the spool
    TargetGroup group(config);
    CHECK_THROWS_AS(group.start(), spool::SpoolHeld);
    CHECK(group.has(Feed::snapshots));
    CHECK_FALSE(group.has(Feed::json_lines));
    group.push({"lxc_pids,host=h threads=3i 1700000000000000000\n", 1}, Feed::line_protocol);
    group.push({"{\"summary\":{}}\n", 1}, Feed::snapshots);
    const auto stopped = group.stop(seconds(5));
    CHECK(stopped.lost_lines == 1); // the server's, since another agent holds its spool
    CHECK(std::filesystem::file_size(folder.path("csv/lxc_pids.h.csv")) > 100);
    CHECK(std::filesystem::file_size(folder.path("snapshots.json")) == 19);
    CHECK(group.status().counts.delivered_points == 0);
    CHECK(other.stop(seconds(0)).lost_lines == 0);
}
