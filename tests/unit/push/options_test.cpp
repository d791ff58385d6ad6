// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/command_table.hpp"
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::Arguments;
using lxcmon::test::has_all;
using lxcmon::test::Parser;
using lxcmon::test::Variables;
using std::chrono::seconds;

using Texts = std::vector<std::string>;

namespace {

std::string_view command_name(const Invocation& invocation) {
    return invocation.command ? command_table()[*invocation.command].name : std::string_view();
}

} // namespace

TEST_CASE("the defaults") {
    const Parser parser;
    const Invocation all = parser.parse({});
    CHECK_FALSE(all.command);
    CHECK_FALSE(all.print);
    CHECK(all.config.destinations.influx_urls.empty());
    CHECK(all.config.destinations.influx.database == "lxc");
    CHECK(all.config.destinations.json_file.path == "/var/lib/lxcmon-push/lxcmon.jsonl");
    CHECK(all.config.destinations.json_file.max_bytes == 64U << 20U);
    CHECK(all.config.destinations.json_file.kept == 5);
    CHECK(all.config.destinations.batch_lines == 5000);
    CHECK(all.config.collect.interval == seconds(10));
    CHECK(all.config.flush_interval == seconds(0));
    CHECK_FALSE(all.config.collect.once);
    CHECK_FALSE(all.config.destinations.dry_run);
    std::array<char, 256> name{};
    REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
    CHECK(all.config.collect.sample.tags.host == name.data());
}

TEST_CASE("a scalar: command line before environment before file before default") {
    const Parser parser;
    const Variables variables{{"LXCMON_INTERVAL", "30s"}};
    CHECK(parser.config_of_file("interval = \"20s\"\n").collect.interval == seconds(20));
    CHECK(parser.config_of_file("interval = \"20s\"\n", {}, variables).collect.interval == seconds(30));
    CHECK(parser.config_of_file("interval = \"20s\"\n", {"--interval", "40s"}, variables).collect.interval ==
          seconds(40));
    CHECK(parser.config({"--interval=40s"}, variables).collect.interval == seconds(40));
    CHECK(parser.config({}, variables).collect.interval == seconds(30));
}

TEST_CASE("a flag: command line before environment before file before default") {
    const Parser parser;
    const auto is_on = [&](const char* in_file, const Arguments& arguments, const Variables& variables) {
        return parser.config_of_file("net-loopback = " + std::string(in_file) + "\n", arguments, variables)
            .collect.sample.net_loopback;
    };
    CHECK(is_on("true", {}, {}));
    CHECK_FALSE(is_on("true", {}, {{"LXCMON_NET_LOOPBACK", "false"}}));
    CHECK(is_on("false", {}, {{"LXCMON_NET_LOOPBACK", "1"}}));
    CHECK(is_on("false", {"--net-loopback"}, {{"LXCMON_NET_LOOPBACK", "no"}}));
    CHECK_FALSE(is_on("true", {"--net-loopback=false"}, {{"LXCMON_NET_LOOPBACK", "yes"}}));
    CHECK(parser.config({"--once", "--once"}).collect.once);
}

TEST_CASE("a list is taken from one origin only, lists are not merged") {
    const Parser parser;
    const std::string file = "include = [\"file1\", \"file2\"]\n";
    const Variables variables{{"LXCMON_INCLUDE", "env1,env2"}};
    CHECK(parser.config_of_file(file).collect.discover.include == Texts{"file1", "file2"});
    CHECK(parser.config_of_file(file, {}, variables).collect.discover.include == Texts{"env1", "env2"});
    CHECK(parser.config_of_file(file, {"--include", "cl1", "--include=cl2"}, variables)
              .collect.discover.include == Texts{"cl1", "cl2"});
    CHECK(parser.config({}).collect.discover.include.empty());
}

TEST_CASE("if an option with one value is repeated, the last value is used") {
    const Parser parser;
    CHECK(parser.config({"--host", "a", "--host", "b"}).collect.sample.tags.host == "b");
}

TEST_CASE("values on the command line are not split or interpreted") {
    const Parser parser;
    CHECK(parser.config({"--lxcpath", "/[ab]", "--lxcpath", "/a,b", "--lxcpath=/x y"})
              .collect.discover.lxcpaths == Texts{"/[ab]", "/a,b", "/x y"});
    CHECK(parser.config({"--host=a=b"}).collect.sample.tags.host == "a=b");
    CHECK(parser.config({"--json-file", "-"}).destinations.json_file.path == "-");
    CHECK(parser.config({"--spool-dir=/a//b/./c//"}).destinations.spool.folder == "/a/b/c");
}

TEST_CASE("lists in the environment are separated by commas; empty parts are ignored") {
    const Parser parser;
    CHECK(parser.config({}, {{"LXCMON_EXCLUDE", ",a,,b,"}}).collect.discover.exclude == Texts{"a", "b"});
    CHECK(parser.config({}, {{"LXCMON_EXCLUDE", ""}}).collect.discover.exclude.empty());
    const auto tags = parser.config({}, {{"LXCMON_TAG", "site=berlin,rack=a1"}}).collect.sample.tags.user;
    CHECK(tags == std::vector<std::pair<std::string, std::string>>{{"site", "berlin"}, {"rack", "a1"}});
    CHECK(parser.config({}, {{"LXCMON_HOST", "a,b"}}).collect.sample.tags.host == "a,b");
}

TEST_CASE("the standard variables of the InfluxDB tools are used") {
    const Parser parser;
    const Config config = parser.config({}, {{"INFLUX_URL", "http://h:8086"},
                                             {"INFLUX_TOKEN", "t0ken"},
                                             {"INFLUX_ORG", "org"},
                                             {"INFLUX_BUCKET", "bucket"}});
    CHECK(config.destinations.influx_urls == Texts{"http://h:8086"});
    CHECK(config.destinations.influx.token == "t0ken");
    CHECK(config.destinations.influx.org == "org");
    CHECK(config.destinations.influx.bucket == "bucket");
}

TEST_CASE("LXCMON variables override the standard ones, and the command line overrides both") {
    const Parser parser;
    const std::string token_file = parser.folder().write("token", "from the file\n");
    const Variables variables{{"INFLUX_URL", "http://standard"},   {"LXCMON_INFLUX_URL", "http://own"},
                              {"INFLUX_ORG", "standard"},          {"LXCMON_INFLUX_ORG", "own"},
                              {"INFLUX_BUCKET", "standard"},       {"LXCMON_INFLUX_BUCKET", "own"},
                              {"INFLUX_TOKEN", "from a variable"}, {"LXCMON_INFLUX_TOKEN_FILE", token_file}};
    const Config config = parser.config({}, variables);
    CHECK(config.destinations.influx_urls == Texts{"http://own"});
    CHECK(config.destinations.influx.org == "own");
    CHECK(config.destinations.influx.bucket == "own");
    CHECK(config.destinations.influx.token == "from the file");
    CHECK(parser.config({"--influx-url", "http://line"}, variables).destinations.influx_urls ==
          Texts{"http://line"});
}

TEST_CASE("a standard variable overrides the settings file; an empty one is ignored") {
    const Parser parser;
    const std::string file = "influx-url = \"http://file\"\n";
    CHECK(parser.config_of_file(file, {}, {{"INFLUX_URL", "http://variable"}}).destinations.influx_urls ==
          Texts{"http://variable"});
    CHECK(parser.config_of_file(file, {}, {{"INFLUX_URL", ""}}).destinations.influx_urls ==
          Texts{"http://file"});
    CHECK(parser.config({}, {{"INFLUX_TOKEN", ""}}).destinations.influx.token.empty());
}

TEST_CASE("subcommands, with options before and after them") {
    const Parser parser;
    const Invocation list = parser.parse({"list", "--json", "--include", "web*"});
    CHECK(command_name(list) == "list");
    CHECK(list.mode == app::Mode::json);
    CHECK(list.config.collect.discover.include == Texts{"web*"});
    CHECK(parser.parse({"list"}).mode == app::Mode::text);
    const Invocation fields = parser.parse({"fields", "--markdown", "--metrics=lxc_cpu"});
    CHECK(command_name(fields) == "fields");
    CHECK(fields.mode == app::Mode::markdown);
    CHECK(fields.config.collect.metrics.size() == 1);
    CHECK(has_all(parser.error({"fields", "--json", "--markdown"}), {"--markdown", "--json"}));
    const Invocation check = parser.parse({"--host", "h", "check", "--influx-url", "http://h"});
    CHECK(command_name(check) == "check");
    CHECK(check.config.collect.sample.tags.host == "h");
    CHECK(check.config.destinations.influx_urls == Texts{"http://h"});
    const Invocation replay = parser.parse({"replay", "a.jsonl", "-", "--dry-run", "b.jsonl"});
    CHECK(command_name(replay) == "replay");
    CHECK(replay.operands == Texts{"a.jsonl", "-", "b.jsonl"});
    CHECK(replay.config.destinations.dry_run);
}

TEST_CASE("--version and --help print and exit, even with invalid settings") {
    const Parser parser;
    const Variables bad{{"LXCMON_INTERVAL", "rubbish"}};
    CHECK(parser.parse({"--version"}, bad).print == "lxcmon-push " LXCMON_VERSION "\n");
    const auto help = parser.parse({"--help"}, bad).print;
    REQUIRE(help);
    CHECK(has_all(*help, {"list", "check", "replay", "--version", "Exit codes"}));
    CHECK(parser.parse({"-h"}).print == help);
    const auto list_help = parser.parse({"list", "--help"}).print;
    REQUIRE(list_help);
    CHECK(has_all(*list_help, {"--json"}));
}

TEST_CASE("the environment of the process") {
    ::setenv("LXCMONTEST_UNIT", "a=b", 1);
    CHECK(app::process_environment().at("LXCMONTEST_UNIT") == "a=b");
    ::unsetenv("LXCMONTEST_UNIT");
    CHECK(app::process_environment().count("LXCMONTEST_UNIT") == 0);
}
