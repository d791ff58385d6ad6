// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/toml_file.hpp"

#include "app/settings/bad_setting.hpp"
#include "unit/app/settings/few_options.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace lxcmon::app;
using lxcmon::test::few_options;

using Texts = std::vector<std::string>;

// The files in tests/fixtures/settings, which tests/settings/test_toml.py reads, hold the cases of TOML
// itself.
namespace {

FileSettings read(std::string_view toml) {
    return parse_toml(toml, "/etc/s.toml", few_options());
}

std::string error_of(std::string_view toml) {
    try {
        static_cast<void>(read(toml));
    } catch (const BadSetting& bad) {
        return bad.what();
    }
    return "no error";
}

} // namespace

TEST_CASE("values of each TOML type become text as on the command line") {
    const FileSettings settings = read("host = 'h'\ninterval = 10\ninclude = [1.5, 1e6, true, \"x\"]\n"
                                       "[influx]\nurl = \"http://h:8086\"\n");
    CHECK(settings.size() == 4);
    CHECK(settings.at("host").values == Texts{"h"});
    CHECK(settings.at("interval").values == Texts{"10"});
    CHECK(settings.at("include").values == Texts{"1.5", "1000000", "true", "x"});
    CHECK(settings.at("influx-url").values == Texts{"http://h:8086"});
}

TEST_CASE("a value has its place, for messages") {
    const FileSettings settings = read("# a comment\nhost = 'h'\n[influx]\n  url = \"http://h:8086\"\n");
    CHECK(settings.at("host").path == "/etc/s.toml");
    CHECK(settings.at("host").key.line == 2);
    CHECK(settings.at("host").key.column == 1);
    CHECK(settings.at("influx-url").key.line == 4);
    CHECK(settings.at("influx-url").key.column == 3);
}

TEST_CASE("tags as a list, an inline table or a table") {
    const Texts both{"site=berlin", "rack=3"};
    CHECK(read("tag = ['site=berlin', 'rack=3']").at("tag").values == both);
    CHECK(read("tag = {site = 'berlin', rack = 3}").at("tag").values == both);
    CHECK(read("[tag]\nsite = 'berlin'\nrack = 3").at("tag").values == both);
    CHECK(read("tag.site = 'berlin'\ntag.rack = 3").at("tag").values == both);
}

TEST_CASE("an empty list is a valid value") {
    CHECK(read("include = []").at("include").values.empty());
    CHECK(read("tag = {}").at("tag").values.empty());
    CHECK(read("[influx]").empty());
}

TEST_CASE("an error begins with the program and the place") {
    CHECK(error_of("\n intervall = '5s'") ==
          "lxcmon-few: /etc/s.toml:2:2: unknown key 'intervall' (did you mean interval?), expected the long "
          "name of an option, see lxcmon-few --help");
    CHECK(error_of("host 'h'") ==
          "lxcmon-few: /etc/s.toml:1:6: a key that is not followed by =, expected key = value");
    CHECK(error_of("once = true") ==
          "lxcmon-few: /etc/s.toml:1:1: 'once' is for the command line alone, expected --once there");
    CHECK(
        error_of("influx-url = 'a'\n[influx]\nurl = 'b'") ==
        "lxcmon-few: /etc/s.toml:3:1: 'influx-url' is defined twice, expected once; the first is in line 1, "
        "column 1");
}

TEST_CASE("a key or table that is defined twice is named, unless it is in quotes") {
    CHECK(error_of("host = 'a'\nhost = 'b'").ends_with(":2:8: 'host' is defined twice, expected once"));
    CHECK(error_of("[influx.a]\n[influx.a]").ends_with(":2:1: 'influx.a' is defined twice, expected once"));
    CHECK(error_of("[log]\n[[log]]").ends_with(":2:1: 'log' is defined twice, expected once"));
    CHECK(error_of("'a b' = 1\n'a b' = 2").ends_with(": a key or table defined twice, expected once"));
    CHECK(error_of("host = 'a'\nhost.x = 1").ends_with(": a key or table defined twice, expected once"));
    const std::string longest(5000, 'k');
    CHECK(error_of(longest + " = 1\n" + longest + " = 2").size() < 250);
}

TEST_CASE("a number out of range has the place where it begins") {
    const std::string message = "a number out of range, expected one that fits in 64 bits";
    CHECK(error_of("host = 'a'\ninterval = -1e400 # c").ends_with(":2:12: " + message));
    CHECK(error_of("'ä' =  0xFFFFFFFFFFFFFFFFFF").ends_with(":1:8: " + message));
    CHECK(error_of("include = [1,\n 99999999999999999999]").ends_with(":2:2: " + message));
}

TEST_CASE("an array of tables for a table") {
    CHECK(error_of("[[influx]]\nurl = 'h'").ends_with(": an array of tables, expected [influx]"));
    CHECK(error_of("[[tag]]\na = 1").ends_with(": an array of tables, expected [tag]"));
    CHECK(error_of("[[bogus]]\na = 1").find("unknown key 'bogus'") != std::string::npos);
}

TEST_CASE("an unknown key in a table is also compared without the table's name") {
    CHECK(error_of("[sampling]\ninterval = '5s'").find("'sampling-interval' (did you mean interval?)") !=
          std::string::npos);
    CHECK(error_of("--interval = '5s'").find("'--interval' (did you mean interval?)") != std::string::npos);
}

TEST_CASE("an option only for the command line is not suggested") {
    CHECK(error_of("onces = true").find("did you mean") == std::string::npos);
}

TEST_CASE("no error contains a value: it may be a secret") {
    for (const char* toml : {"pasword = 'hunter2'", "host 'hunter2'", "host = hunter2", "host = 'hunter2",
                             "host = 'x' hunter2", "host = 1234567890123hunter2", "include = ['a' 'hunter2']",
                             "host = \"\\hunter2\"", "host = tr_hunter2", "host = 77777777777777777777",
                             "tag = {a = 'b' hunter2 = 1}", "hunter2 = 1\nhost = 'h'\nhost = 'hunter2'"}) {
        CAPTURE(std::string(toml));
        const std::string error = error_of(toml);
        CHECK(error != "no error");
        // A key is shown, and nothing else.
        CHECK((error.find("hunter2") == std::string::npos ||
               error.find("unknown key 'hunter2'") != std::string::npos));
        CHECK(error.find("77777") == std::string::npos);
        CHECK(error.find("'tr") == std::string::npos);
    }
}

TEST_CASE("a key in a message is printable and truncated") {
    const std::string error = error_of("\"" + std::string(5000, 'x') + "\" = 1");
    CHECK(error.size() < 250);
    CHECK(error_of(R"("a\nb\u001b[31m" = 1)").find("'a_b_[31m'") != std::string::npos);
    CHECK(error_of("'host'.\"\" = 1").find("'host-'") != std::string::npos);
}

TEST_CASE("no depth exhausts the stack or the memory") {
    const auto repeated = [](std::string_view part, std::size_t times) {
        std::string text;
        for (std::size_t count = 0; count < times; ++count)
            text += part;
        return text;
    };
    for (const auto& toml :
         {repeated("a.", 500'000) + "a = 1", "[" + repeated("a.", 500'000) + "a]",
          repeated("a . ", 200'000) + "a = 1", repeated("'a'.", 200'000) + "a = 1",
          "a = " + repeated("[", 500'000), "include = [" + repeated("{a = [", 100'000),
          repeated(std::string(600, 'k') + " = {", 200),
          "a = {" + repeated("a.b.c.d.e.f.g = {", 250) + repeated("}", 251), repeated("[a.b.c]\n", 2)})
        CHECK(error_of(toml) != "no error");
}

TEST_CASE("dots in strings and comments do not separate parts of a key") {
    const std::string dots(100, '.');
    const std::string each = "'" + dots + "', \"" + dots + "\\\"" + dots + "\", '''\n" + dots +
                             "''''', \"\"\"" + dots + "\\\"" + dots + "\n\"\"\"\"";
    CHECK(read("# " + dots + "\nhost = '" + dots + "' # " + dots + "\ninclude = [" + each + ", # " + dots +
               "\n" + each + "]\n")
              .size() == 2);
}
