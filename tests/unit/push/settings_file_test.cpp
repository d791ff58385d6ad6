// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/file.hpp"

#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::has_all;
using lxcmon::test::Parser;
using lxcmon::test::TempFolder;

using Texts = std::vector<std::string>;

namespace {

app::SettingsFile read(std::string_view toml) {
    const TempFolder folder;
    return app::read_settings_file(folder.write("settings.toml", toml), true);
}

} // namespace

TEST_CASE("keys, values of each TOML type, comments") {
    const app::SettingsFile settings = read("# a comment\n"
                                            "\n"
                                            "influx-url = \"http://h:8086\" # another\n"
                                            "  interval='5s'\n"
                                            "json-keep = 3\n"
                                            "once = true\n"
                                            "json-file = \"/a b/c.jsonl\"\n"
                                            "log-file = \"/a,b.log\"\n");
    CHECK(settings.size() == 6);
    CHECK(settings.at("influx-url") == Texts{"http://h:8086"});
    CHECK(settings.at("interval") == Texts{"5s"});
    CHECK(settings.at("json-keep") == Texts{"3"});
    CHECK(settings.at("once") == Texts{"true"});
    CHECK(settings.at("json-file") == Texts{"/a b/c.jsonl"});
    CHECK(settings.at("log-file") == Texts{"/a,b.log"});
}

TEST_CASE("a section's name stands before its keys") {
    const app::SettingsFile settings = read("host = \"h\"\n"
                                            "[influx]\n"
                                            "url = \"http://h:8086\"\n"
                                            "db = \"lxc\"\n"
                                            "[log]\n"
                                            "level = \"debug\"\n");
    CHECK(settings.size() == 4);
    CHECK(settings.at("host") == Texts{"h"});
    CHECK(settings.at("influx-url") == Texts{"http://h:8086"});
    CHECK(settings.at("influx-db") == Texts{"lxc"});
    CHECK(settings.at("log-level") == Texts{"debug"});
}

TEST_CASE("lists, on one line and on several") {
    CHECK(read("include = [\"web*\", 'db[12]', \"a,b\"]\n").at("include") == Texts{"web*", "db[12]", "a,b"});
    CHECK(read("include = [\n  \"web*\",\n  \"db*\"\n]\nhost = \"h\"\n").at("include") ==
          Texts{"web*", "db*"});
    CHECK(read("include = [\n  \"web*\",\n  \"db*\"\n]\nhost = \"h\"\n").at("host") == Texts{"h"});
    CHECK(read("include = [\"web*\",\n  \"db*\",\n]\n").at("include") == Texts{"web*", "db*"});
    CHECK(read("include = [ \r\n]\r\nhost = \"h\"\r\n").at("host") == Texts{"h"});
    CHECK(read("tag = \"site=berlin\"\n").at("tag") == Texts{"site=berlin"});
    CHECK(read("include = []\n").at("include").empty());
}

TEST_CASE("a file of settings comes to a configuration") {
    const Parser parser;
    const Config config = parser.config_of_file("interval = \"5s\"\n"
                                                "tag = [\"site=berlin\", \"rack=a1\"]\n"
                                                "dry-run = false\n"
                                                "[influx]\n"
                                                "url = \"http://h:8086\"\n");
    CHECK(config.collect.interval == std::chrono::seconds(5));
    CHECK(config.collect.sample.tags.user.size() == 2);
    CHECK_FALSE(config.destinations.dry_run);
    CHECK(config.destinations.influx_urls == std::vector<std::string>{"http://h:8086"});
}

TEST_CASE("an unknown key is named, with its file") {
    const Parser parser;
    CHECK(has_all(parser.error_of_file("intervall = \"5s\"\n"), {"'intervall'", "settings.toml", "--help"}));
    CHECK(has_all(parser.error_of_file("[influx]\nhost = \"h\"\n"), {"'influx-host'", "settings.toml"}));
    CHECK(has_all(parser.error_of_file("config = \"/other\"\n"), {"'config'", "settings.toml"}));
    CHECK(has_all(parser.error_of_file("= 5\n"), {"''", "settings.toml"}));
    CHECK(has_all(parser.error_of_file("--interval = \"5s\"\n"), {"'--interval'", "settings.toml"}));
}

TEST_CASE("an option that takes one value wants exactly one") {
    const Parser parser;
    for (const char* toml : {"interval = [\"5s\", \"6s\"]\n", "interval = \"5s\"\ninterval = \"6s\"\n",
                             "interval = \"5s\"\nhost = \"h\"\ninterval = \"6s\"\n", "interval = []\n"}) {
        CAPTURE(std::string(toml));
        CHECK(has_all(parser.error_of_file(toml), {"'interval'", "settings.toml", "expected one"}));
    }
    CHECK(has_all(parser.error_of_file("interval =\n"), {"--interval", "''", "expected"}));
}

TEST_CASE("a value that CLI11 would cut is refused, not taken in part") {
    const Parser parser;
    CHECK(has_all(parser.error_of_file("host = \"a#b\"\n"), {"line 1 of ", "settings.toml", "#"}));
    CHECK(has_all(parser.error_of_file("host = 'a\\#b'\n"), {"line 1 of "}));
    CHECK(has_all(parser.error_of_file("\n# it's fine\nhost = \"open\n"), {"line 3 of "}));
    CHECK(has_all(parser.error_of_file("include = [\"a\", \"b#c\"]\n"), {"line 1 of "}));
    CHECK(parser.config_of_file("host = \"it's\" # isn't it\n").collect.sample.tags.host == "it's");
}

TEST_CASE("what is no TOML is refused in one line") {
    const Parser parser;
    for (const std::string_view text :
         {std::string_view("hello world\n"), std::string_view("{\"interval\": \"5s\"}\n"),
          std::string_view("interval: 5s\n"), std::string_view("<xml>\n</xml>\n"),
          std::string_view("\x7f"
                           "ELF\x02\x01\0\0\n",
                           9),
          std::string_view("[influx\nurl = \"http://h\"\n")}) {
        CAPTURE(std::string(text));
        CHECK(has_all(parser.error_of_file(text), {"lxcmon-push: --config: ", "settings.toml"}));
    }
}

TEST_CASE("a file that is given must be there and readable; the default may be missing") {
    const Parser parser;
    CHECK(has_all(parser.error({"--config", "/nonexistent/x.toml"}),
                  {"--config", "'/nonexistent/x.toml'", "No such"}));
    CHECK(has_all(parser.error({}, {{"LXCMON_CONFIG", "/nonexistent/x.toml"}}),
                  {"--config", "'/nonexistent/x.toml'"}));
    CHECK(has_all(parser.error({"--config", "/proc"}), {"--config", "'/proc'", "Is a directory"}));
    CHECK(app::read_settings_file("/nonexistent/x.toml", false).empty());
    CHECK_THROWS_AS(static_cast<void>(app::read_settings_file("/nonexistent/x.toml", true)), app::BadSetting);
    CHECK_THROWS_AS(static_cast<void>(app::read_settings_file("/proc", false)), app::BadSetting);
}

TEST_CASE("the file on the command line wins over the environment's") {
    const Parser parser;
    const std::string other = parser.folder().write("other.toml", "host = \"other\"\n");
    CHECK(parser.config({}, {{"LXCMON_CONFIG", other}}).collect.sample.tags.host == "other");
    CHECK(
        parser.config_of_file("host = \"line\"\n", {}, {{"LXCMON_CONFIG", other}}).collect.sample.tags.host ==
        "line");
}
