// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::has_all;
using lxcmon::test::Parser;

// The reader itself has its tests in tests/unit/app/settings and tests/settings.

TEST_CASE("a file of settings comes to a configuration") {
    const Parser parser;
    const Config config = parser.config_of_file("interval = \"5s\"\n"
                                                "tag = [\"site=berlin\", \"rack=a1\"]\n"
                                                "net-loopback = true\n"
                                                "json-keep = 3\n"
                                                "host = \"a#b\"\n"
                                                "include = [\n"
                                                "  \"web*\", # a comment\n"
                                                "  # another\n"
                                                "  \"db*\",\n"
                                                "]\n"
                                                "[influx]\n"
                                                "url = \"http://h:8086\"\n"
                                                "gzip = false\n");
    CHECK(config.collect.interval == std::chrono::seconds(5));
    CHECK(config.collect.sample.tags.user.size() == 2);
    CHECK(config.collect.sample.tags.host == "a#b");
    CHECK(config.collect.discover.include == std::vector<std::string>{"web*", "db*"});
    CHECK(config.destinations.influx_urls == std::vector<std::string>{"http://h:8086"});
    CHECK_FALSE(config.destinations.influx.gzip);
}

TEST_CASE("the place of a wrong value in a list or a table is its own") {
    const Parser parser;
    CHECK(has_all(parser.error_of_file("host = \"a\"\n\n[tag]\nsite = \"b\"\nrack = \"\"\n"),
                  {"settings.toml:5:1: --tag: 'rack='"}));
    CHECK(has_all(parser.error_of_file("tag.site = \"b\"\ntag.host = \"x\"\n"),
                  {"settings.toml:2:5: --tag: 'host=x'"}));
    CHECK(has_all(parser.error_of_file("metrics = [\n  \"lxc_cpu\",\n  \"nope\"]\n"),
                  {"settings.toml:3:3: --metrics: 'nope'"}));
    CHECK(has_all(parser.error_of_file("influx-url = [\n\"http://a\", \"bogus\"]\n"),
                  {"settings.toml:2:13: --influx-url: 'bogus'"}));
}

TEST_CASE("tags may be a table") {
    const Parser parser;
    const std::vector<std::pair<std::string, std::string>> both{{"site", "berlin"}, {"rack", "3"}};
    CHECK(parser.config_of_file("[tag]\nsite = \"berlin\"\nrack = 3\n").collect.sample.tags.user == both);
    CHECK(parser.config_of_file("tag = {site = \"berlin\", rack = 3}\n").collect.sample.tags.user == both);
    CHECK(has_all(parser.error_of_file("[tag]\nhost = \"h\"\n"), {"settings.toml:2:1: --tag: ", "'host=h'"}));
}

TEST_CASE("a bad value has its file, line and column") {
    const Parser parser;
    CHECK(parser.error_of_file("\n[log]\n  level = \"loud\"\n")
              .starts_with("lxcmon-push: " + parser.folder().path("settings.toml") +
                           ":3:3: --log-level: 'loud' "));
}

TEST_CASE("an unknown key is named, with its place and the nearest key") {
    const Parser parser;
    CHECK(has_all(parser.error_of_file("intervall = \"5s\"\n"),
                  {"settings.toml:1:1: ", "'intervall' (did you mean interval?)", "--help"}));
    CHECK(has_all(parser.error_of_file("[influx]\nulr = \"h\"\n"),
                  {"settings.toml:2:1: ", "'influx-ulr' (did you mean influx-url?)"}));
}

TEST_CASE("options about a single run are for the command line alone") {
    const Parser parser;
    for (const char* name : {"config", "once", "dry-run"})
        CHECK(has_all(parser.error_of_file(std::string(name) + " = true\n"),
                      {"settings.toml:1:1: '" + std::string(name) + "' is for the command line alone"}));
}

TEST_CASE("conf.d beside the settings file comes after it, and the command line before both") {
    const Parser parser;
    std::filesystem::create_directory(parser.folder().path("conf.d"));
    const std::string second = parser.folder().write("conf.d/second.toml", "host = \"second\"\n");
    CHECK(parser.config_of_file("host = \"first\"\n").collect.sample.tags.host == "second");
    CHECK(parser.config_of_file("host = \"first\"\n", {"--host", "line"}).collect.sample.tags.host == "line");
    parser.folder().write("conf.d/second.toml", "interval = \"never\"\n");
    CHECK(has_all(parser.error_of_file(""), {second + ":1:1: --interval: 'never'"}));
}

TEST_CASE("a file that is given must be there and readable; the default may be missing") {
    const Parser parser;
    CHECK(has_all(parser.error({"--config", "/nonexistent/x.toml"}), {"/nonexistent/x.toml: ", "No such"}));
    CHECK(has_all(parser.error({}, {{"LXCMON_CONFIG", "/nonexistent/x.toml"}}), {"/nonexistent/x.toml: "}));
    CHECK(has_all(parser.error({"--config", "/proc"}), {"/proc: ", "Is a directory"}));
}

TEST_CASE("the file on the command line wins over the environment's") {
    const Parser parser;
    const std::string other = parser.folder().write("other.toml", "host = \"other\"\n");
    CHECK(parser.config({}, {{"LXCMON_CONFIG", other}}).collect.sample.tags.host == "other");
    CHECK(
        parser.config_of_file("host = \"line\"\n", {}, {{"LXCMON_CONFIG", other}}).collect.sample.tags.host ==
        "line");
}

TEST_CASE("a relative path begins in the folder of its settings file, or else in the working directory") {
    const Parser parser;
    const auto in_folder = [&](const char* name) { return parser.folder().path(name); };
    const std::string here = std::filesystem::current_path();
    const Config of_file =
        parser.config_of_file("spool-dir = \"spool/\"\njson-file = \"./points.jsonl\"\nlog-file = \"a.log\"\n"
                              "lxcpath = [\"lxc/\", \"../other\", \"/abs//x\"]\n");
    CHECK(of_file.destinations.spool.folder == in_folder("spool"));
    CHECK(of_file.destinations.json_file.path == in_folder("points.jsonl"));
    CHECK(of_file.log.file == in_folder("a.log"));
    CHECK(of_file.collect.discover.lxcpaths ==
          std::vector<std::string>{in_folder("lxc"), in_folder("../other"), "/abs/x"});
    const Config of_caller = parser.config({"--spool-dir", "spool", "--lxcpath", ".//lxc", "--json-file=-"},
                                           {{"LXCMON_LOG_FILE", "a.log"}});
    CHECK(of_caller.destinations.spool.folder == here + "/spool");
    CHECK(of_caller.collect.discover.lxcpaths == std::vector<std::string>{here + "/lxc"});
    CHECK(of_caller.destinations.json_file.path == "-");
    CHECK(of_caller.log.file == here + "/a.log");
}

TEST_CASE("a secret's file beside the settings file is found by its name alone") {
    const Parser parser;
    static_cast<void>(parser.folder().write("token", "t0ken\n"));
    CHECK(parser.config_of_file("influx-token-file = \"token\"\n").destinations.influx.token == "t0ken");
    CHECK(has_all(parser.error_of_file("influx-token-file = \"./tokem\"\n"),
                  {"'" + parser.folder().path("tokem") + "' can't be read"}));
    const std::string hidden = parser.error_of_file("influx-token-file = \"s3cret-token==\"\n");
    CHECK(has_all(hidden, {"'***' can't be read"}));
    CHECK(hidden.find("s3cret") == std::string::npos);
}

TEST_CASE("values of a settings file are read as those of the command line") {
    const Parser parser;
    const Config config =
        parser.config_of_file("interval = \"1m30s\"\nno-host = \"Yes\"\nnet-loopback = true\n"
                              "[influx]\ngzip = \"FALSE\"\n[log]\nlevel = \"WARN\"\nmax-size = \"1G\"\n");
    const Config same = parser.config({"--interval=1m30s", "--no-host=Yes", "--net-loopback=true",
                                       "--influx-gzip=FALSE", "--log-level=WARN", "--log-max-size=1G"});
    const Config again = parser.config({}, {{"LXCMON_INTERVAL", "1m30s"},
                                            {"LXCMON_NO_HOST", "Yes"},
                                            {"LXCMON_NET_LOOPBACK", "true"},
                                            {"LXCMON_INFLUX_GZIP", "FALSE"},
                                            {"LXCMON_LOG_LEVEL", "WARN"},
                                            {"LXCMON_LOG_MAX_SIZE", "1G"}});
    for (const Config& each : {config, same, again}) {
        CHECK(each.collect.interval == std::chrono::seconds(90));
        CHECK_FALSE(each.collect.sample_host);
        CHECK(each.collect.sample.net_loopback);
        CHECK_FALSE(each.destinations.influx.gzip);
        CHECK(each.log.level == "warn");
        CHECK(each.log.max_bytes == std::uint64_t{1} << 30U);
    }
}

TEST_CASE("a jitter may be as long as the interval, and the default longer") {
    const Parser parser;
    CHECK(parser.error({"--send-jitter=10s"}) == "no error");
    CHECK(parser.error({"--interval=100ms"}) == "no error");
    CHECK(
        has_all(parser.error({"--interval=500ms", "--send-jitter=1s"}), {"--send-jitter", "'1s' is longer"}));
    CHECK(has_all(parser.error_of_file("send-jitter = \"1m\"\n"), {"settings.toml:1:1: --send-jitter"}));
}
