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

TEST_CASE("the defaults") {
    const Parser parser;
    const app::Invocation all = parser.parse({});
    CHECK(all.command == Command::run);
    CHECK_FALSE(all.print);
    CHECK(all.config.influx_urls.empty());
    CHECK(all.config.influx_db == "lxc");
    CHECK(all.config.json_file == "/var/lib/lxcmon-push/lxcmon.jsonl");
    CHECK(all.config.json_max_bytes == 64U << 20U);
    CHECK(all.config.json_keep == 5);
    CHECK(all.config.batch_lines == 5000);
    CHECK(all.config.interval == seconds(10));
    CHECK(all.config.flush_interval == seconds(0));
    CHECK_FALSE(all.config.once);
    CHECK_FALSE(all.config.dry_run);
    std::array<char, 256> name{};
    REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
    CHECK(all.config.host == name.data());
}

TEST_CASE("a scalar: command line before environment before file before default") {
    const Parser parser;
    const Variables variables{{"LXCMON_INTERVAL", "30s"}};
    CHECK(parser.config_of_file("interval = \"20s\"\n").interval == seconds(20));
    CHECK(parser.config_of_file("interval = \"20s\"\n", {}, variables).interval == seconds(30));
    CHECK(parser.config_of_file("interval = \"20s\"\n", {"--interval", "40s"}, variables).interval ==
          seconds(40));
    CHECK(parser.config({"--interval=40s"}, variables).interval == seconds(40));
    CHECK(parser.config({}, variables).interval == seconds(30));
}

TEST_CASE("a flag: command line before environment before file before default") {
    const Parser parser;
    CHECK(parser.config_of_file("once = true\n").once);
    CHECK_FALSE(parser.config_of_file("once = true\n", {}, {{"LXCMON_ONCE", "false"}}).once);
    CHECK(parser.config_of_file("once = false\n", {}, {{"LXCMON_ONCE", "1"}}).once);
    CHECK(parser.config_of_file("once = false\n", {"--once"}, {{"LXCMON_ONCE", "no"}}).once);
    CHECK_FALSE(parser.config_of_file("once = true\n", {"--once=false"}, {{"LXCMON_ONCE", "yes"}}).once);
    CHECK(parser.config({"--once", "--once"}).once);
}

TEST_CASE("a list: the first that has it gives all of it, nothing is added up") {
    const Parser parser;
    const std::string file = "include = [\"file1\", \"file2\"]\n";
    const Variables variables{{"LXCMON_INCLUDE", "env1,env2"}};
    CHECK(parser.config_of_file(file).include == Texts{"file1", "file2"});
    CHECK(parser.config_of_file(file, {}, variables).include == Texts{"env1", "env2"});
    CHECK(parser.config_of_file(file, {"--include", "cl1", "--include=cl2"}, variables).include ==
          Texts{"cl1", "cl2"});
    CHECK(parser.config({}).include.empty());
}

TEST_CASE("of several values for one thing on the command line the last counts") {
    const Parser parser;
    CHECK(parser.config({"--host", "a", "--host", "b"}).host == "b");
}

TEST_CASE("values on the command line are taken as they are") {
    const Parser parser;
    CHECK(parser.config({"--include", "[ab]", "--include", "a,b", "--include=x y"}).include ==
          Texts{"[ab]", "a,b", "x y"});
    CHECK(parser.config({"--host=a=b"}).host == "a=b");
    CHECK(parser.config({"--json-file", "-"}).json_file == "-");
}

TEST_CASE("lists in the environment are separated by commas; empty parts are none") {
    const Parser parser;
    CHECK(parser.config({}, {{"LXCMON_EXCLUDE", ",a,,b,"}}).exclude == Texts{"a", "b"});
    CHECK(parser.config({}, {{"LXCMON_EXCLUDE", ""}}).exclude.empty());
    const auto tags = parser.config({}, {{"LXCMON_TAG", "site=berlin,rack=a1"}}).tags;
    CHECK(tags == std::vector<std::pair<std::string, std::string>>{{"site", "berlin"}, {"rack", "a1"}});
    CHECK(parser.config({}, {{"LXCMON_HOST", "a,b"}}).host == "a,b");
}

TEST_CASE("the standard variables of InfluxDB's tools are taken over") {
    const Parser parser;
    const Config config = parser.config({}, {{"INFLUX_URL", "http://h:8086"},
                                             {"INFLUX_TOKEN", "t0ken"},
                                             {"INFLUX_ORG", "org"},
                                             {"INFLUX_BUCKET", "bucket"}});
    CHECK(config.influx_urls == Texts{"http://h:8086"});
    CHECK(config.influx_token == "t0ken");
    CHECK(config.influx_org == "org");
    CHECK(config.influx_bucket == "bucket");
}

TEST_CASE("our own variables win over the standard ones, and the command line over both") {
    const Parser parser;
    const std::string token_file = parser.folder().write("token", "from the file\n");
    const Variables variables{{"INFLUX_URL", "http://standard"},   {"LXCMON_INFLUX_URL", "http://own"},
                              {"INFLUX_ORG", "standard"},          {"LXCMON_INFLUX_ORG", "own"},
                              {"INFLUX_BUCKET", "standard"},       {"LXCMON_INFLUX_BUCKET", "own"},
                              {"INFLUX_TOKEN", "from a variable"}, {"LXCMON_INFLUX_TOKEN_FILE", token_file}};
    const Config config = parser.config({}, variables);
    CHECK(config.influx_urls == Texts{"http://own"});
    CHECK(config.influx_org == "own");
    CHECK(config.influx_bucket == "own");
    CHECK(config.influx_token == "from the file");
    CHECK(parser.config({"--influx-url", "http://line"}, variables).influx_urls == Texts{"http://line"});
}

TEST_CASE("a standard variable wins over the file; an empty one is no setting") {
    const Parser parser;
    const std::string file = "influx-url = \"http://file\"\n";
    CHECK(parser.config_of_file(file, {}, {{"INFLUX_URL", "http://variable"}}).influx_urls ==
          Texts{"http://variable"});
    CHECK(parser.config_of_file(file, {}, {{"INFLUX_URL", ""}}).influx_urls == Texts{"http://file"});
    CHECK(parser.config({}, {{"INFLUX_TOKEN", ""}}).influx_token.empty());
}

TEST_CASE("subcommands, with options before and after them") {
    const Parser parser;
    const app::Invocation list = parser.parse({"list", "--json", "--include", "web*"});
    CHECK(list.command == Command::list);
    CHECK(list.format == Format::json);
    CHECK(list.config.include == Texts{"web*"});
    CHECK(parser.parse({"list"}).format == Format::text);
    const app::Invocation fields = parser.parse({"fields", "--markdown", "--metrics=lxc_cpu"});
    CHECK(fields.command == Command::fields);
    CHECK(fields.format == Format::markdown);
    CHECK(fields.config.metrics.size() == 1);
    CHECK(has_all(parser.error({"fields", "--json", "--markdown"}), {"--markdown", "--json"}));
    const app::Invocation check = parser.parse({"--host", "h", "check", "--influx-url", "http://h"});
    CHECK(check.command == Command::check);
    CHECK(check.config.host == "h");
    CHECK(check.config.influx_urls == Texts{"http://h"});
    const app::Invocation replay = parser.parse({"replay", "a.jsonl", "-", "--dry-run", "b.jsonl"});
    CHECK(replay.command == Command::replay);
    CHECK(replay.replay_files == Texts{"a.jsonl", "-", "b.jsonl"});
    CHECK(replay.config.dry_run);
}

TEST_CASE("--version and --help print and end, whatever else is set") {
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

TEST_CASE("the process's own environment") {
    ::setenv("LXCMON_UNIT_TEST", "value", 1);
    CHECK(app::process_environment("LXCMON_UNIT_TEST") == "value");
    ::unsetenv("LXCMON_UNIT_TEST");
    CHECK_FALSE(app::process_environment("LXCMON_UNIT_TEST"));
}
