// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::Arguments;
using lxcmon::test::has_all;
using lxcmon::test::Parser;
using lxcmon::test::Variables;

TEST_CASE("an unknown option, flag or command is named") {
    const Parser parser;
    CHECK(has_all(parser.error({"--bogus"}), {": --bogus: ", "unknown option", "--help"}));
    CHECK(has_all(parser.error({"--bogus", "5"}), {": --bogus: "}));
    CHECK(has_all(parser.error({"-x"}), {": -x: "}));
    CHECK(has_all(parser.error({"frobnicate"}), {": frobnicate: ", "unknown option or command"}));
    CHECK(has_all(parser.error({"list", "--bogus"}), {": --bogus: "}));
    CHECK(has_all(parser.error({"list", "extra"}), {": extra: "}));
    CHECK(has_all(parser.error({"list", "check"}), {": check: "}));
    CHECK(has_all(parser.error({"--json"}), {": --json: "}));
}

TEST_CASE("the nearest name is named") {
    const Parser parser;
    CHECK(has_all(parser.error({"--influx-ulr", "http://h"}),
                  {": --influx-ulr: unknown option or command (did you mean --influx-url?); see "}));
    CHECK(has_all(parser.error({"-interval=5s"}), {"(did you mean --interval?)"}));
    CHECK(has_all(parser.error({"--hlep"}), {"(did you mean --help?)"}));
    CHECK(has_all(parser.error({"list", "--jsno"}), {"(did you mean --json?)"}));
    CHECK(
        has_all(parser.error({"chekc"}), {": chekc: unknown option or command (did you mean check?); see "}));
    for (const auto& arguments :
         {Arguments{"--bogus"}, {"--"}, {"-x"}, {"frobnicate"}, {"list", "chekc"}, {"--jsno"}})
        CHECK(parser.error(arguments).find("did you mean") == std::string::npos);
}

TEST_CASE("an unknown variable of ours is an error, without its value") {
    const Parser parser;
    const std::string error = parser.error({}, {{"LXCMON_INFLUX_TOKEN_FIEL", "s3cret"}});
    CHECK(error ==
          "lxcmon-push: LXCMON_INFLUX_TOKEN_FIEL: unknown environment variable (did you mean "
          "LXCMON_INFLUX_TOKEN_FILE?); expected LXCMON_ and the name of an option, see lxcmon-push --help");
    CHECK(parser.error({}, {{"LXCMON_", ""}}).find("did you mean") == std::string::npos);
    CHECK(has_all(parser.error({"list"}, {{"LXCMON_XYZZY", ""}}), {"LXCMON_XYZZY: unknown"}));
    CHECK(parser.error({}, {{"LXCMONTEST_X", "1"}, {"lxcmon_host", "1"}, {"XLXCMON_HOST", "1"}}) ==
          "no error");
}

TEST_CASE("a missing value or file is reported") {
    const Parser parser;
    CHECK(has_all(parser.error({"--interval"}), {"--interval", "DURATION"}));
    CHECK(has_all(parser.error({"--influx-url="}), {"--influx-url"}));
    CHECK(has_all(parser.error({"--tag"}), {"--tag", "KEY=VALUE"}));
    CHECK(has_all(parser.error({"replay"}), {"FILE"}));
}

TEST_CASE("an empty value after = takes no other argument with it") {
    const Parser parser;
    CHECK(has_all(parser.error({"--host=", "--once"}), {"--host: '' is empty"}));
    CHECK(has_all(parser.error({"--influx-mode=", "all"}), {": all: unknown"}));
    CHECK(has_all(parser.error({"--no-host=", "--once"}), {"--no-host: the value after = is empty"}));
    CHECK(has_all(parser.error({"list", "--json="}), {"--json: the value after = is empty"}));
    CHECK(has_all(parser.error({"list", "--sort=", "cpu"}), {": cpu: unknown"}));
    CHECK(has_all(parser.error({"--bogus="}), {"--bogus: unknown option"}));
    CHECK(has_all(parser.error({"--tag="}), {"--tag: '' "}));
}

TEST_CASE("the error about a bad value names the option, the value and the expected form") {
    const Parser parser;
    const struct {
        std::string option, value, expected;
    } cases[] = {
        {"--interval", "10", "10s"},
        {"--interval", "abc", "10s"},
        {"--interval", "", "10s"},
        {"--interval", "-5s", "10s"},
        {"--interval", "99ms", "100ms to 24h"},
        {"--interval", "25h", "100ms to 24h"},
        {"--flush-interval", "soon", "10s"},
        {"--json-max-size", "64MeB", "64MiB"},
        {"--json-max-size", "5", "at least 1KiB"},
        {"--log-max-size", "5", "at least 1KiB"},
        {"--queue-max-size", "5", "at least 1KiB"},
        {"--spool-max-size", "5", "at least 16KiB"},
        {"--send-jitter", "11s", "longer than the time between two samples; expected at most --interval"},
        {"--spool-dir", "", "expected a name or path"},
        {"--spool-dir", "-", "is not a path"},
        {"--log-file", "-", "is not a path"},
        {"--spool-max-age", "0s", "at least 1s"},
        {"--spool-max-age", "10ms", "at least 1s"},
        {"--json-max-size", "0", "64MiB"},
        {"--queue-max-size", "-1", "64MiB"},
        {"--log-max-size", "big", "64MiB"},
        {"--batch-size", "0", "1 to 5000"},
        {"--batch-size", "5001", "1 to 5000"},
        {"--json-keep", "1.5", "0 to 1000"},
        {"--log-keep", "many", "0 to 1000"},
        {"--tag", "novalue", "key=value"},
        {"--tag", "=v", "key=value"},
        {"--tag", "k=", "key=value"},
        {"--tag", "host=x", "choose another key"},
        {"--influx-url", "localhost:8086", "http://HOST"},
        {"--influx-url", "ftp://h", "http://HOST"},
        {"--influx-url", "http://", "http://HOST"},
        {"--log-level", "loud", "trace, debug, info, warn, error, critical, off"},
        {"--log-format", "xml", "text, json"},
        {"--host", "", "expected a name"},
        {"--lxcpath", "", "expected a path"},
        {"--include", "[", "for example [0-9]"},
        {"--exclude", "web1 web2", "expected one glob, for example web*"},
        {"--include", "a/b", "--lxcpath"},
        {"--exclude", "a,b", "expected one glob, for example web*"},
        {"--net-include", "eth0,eth1", "expected one glob, for example eth*"},
        {"--net-exclude", "net/eth0", "glob such as eth*"},
        {"--io-include", "/dev/sda", "without /dev/"},
        {"--io-exclude", "sd[a", "for example [0-9]"},
        {"--fs-include", "", "/mnt/* or nfs*"},
        {"--fs-exclude", "mnt/x", "begins with a slash"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.option);
        CAPTURE(each.value);
        const std::string error = parser.error({each.option, each.value});
        CAPTURE(error);
        CHECK(has_all(error, {"lxcmon-push: " + each.option + ": ", "'" + each.value + "'", each.expected}));
    }
}

TEST_CASE("a bad value of a flag is refused, on the command line and in the environment") {
    const Parser parser;
    CHECK(has_all(parser.error({"--once=maybe"}), {"--once", "'maybe'", "on nor off"}));
    CHECK(has_all(parser.error({}, {{"LXCMON_ONCE", "maybe"}}), {"--once", "'maybe'", "LXCMON_ONCE"}));
}

TEST_CASE("the error names the variable or file with the bad value") {
    const Parser parser;
    CHECK(has_all(parser.error({}, {{"LXCMON_INTERVAL", "abc"}}),
                  {"--interval", "environment variable LXCMON_INTERVAL", "'abc'"}));
    CHECK(has_all(parser.error({}, {{"INFLUX_URL", "nowhere"}}),
                  {"--influx-url", "environment variable INFLUX_URL", "'nowhere'"}));
    CHECK(has_all(parser.error_of_file("interval = \"abc\"\n"), {"--interval", "settings.toml", "'abc'"}));
}

TEST_CASE("an error is one line even if the value contains line ends") {
    const Parser parser;
    CHECK(has_all(parser.error({"--interval", "a\nb\x1b[31m"}), {"--interval: 'a?b?[31m'"}));
    CHECK(has_all(parser.error({"--bogus\nx"}), {"--bogus_x"}));
    CHECK(has_all(parser.error({"--config", "/no\nwhere"}), {"/no?where"}));
    CHECK(has_all(parser.error({"--tag", "a=b\nc"}), {"control character"}));
}

TEST_CASE("a user or password in a URL is refused and not shown") {
    const Parser parser;
    for (const char* url : {"http://admin:s3cret@host:8086", "http://admin:s3cret@", "admin:s3cret@host",
                            "ftp://admin:s3cret@host", "http://host/?u=admin&p=s3cret",
                            "http://admin:s3c@ret@host", "http://admin:s3 cret@host"}) {
        CAPTURE(std::string(url));
        for (const std::string& error :
             {parser.error({"--influx-url", url}), parser.error({}, {{"INFLUX_URL", url}}),
              parser.error_of_file("influx-url = '" + std::string(url) + "'\n")}) {
            CAPTURE(error);
            CHECK(has_all(error, {"--influx-url"}));
            CHECK(error.find("s3c") == std::string::npos);
            CHECK(error.find("cret") == std::string::npos);
        }
    }
}

TEST_CASE("an unknown argument is shown without credentials, and cut") {
    const Parser parser;
    for (const char* argument :
         {"http://admin:s3cret@host:8086/write", "admin:s3cret@host", "--server:http://u:s3cret@h",
          "http://admin:s3cret=@host", "http://admin:s3cr/et s3cret@host"}) {
        CAPTURE(std::string(argument));
        for (const std::string& error : {parser.error({argument}), parser.error({"check", argument})}) {
            CAPTURE(error);
            CHECK(has_all(error, {"***@h", "unknown option or command"}));
            CHECK(error.find("s3c") == std::string::npos);
        }
    }
    const std::string many(100'000, 'x');
    for (const std::string& error :
         {parser.error({many}), parser.error({"--" + many}), parser.error({"--" + many + "=5"}),
          parser.error({}, {{"LXCMON_" + many, "v"}})}) {
        CHECK(has_all(error, {"xxx...: unknown "}));
        CHECK(error.size() < 300);
    }
}

TEST_CASE("a secret given in place of its file is not shown") {
    const Parser parser;
    for (const char* option : {"--influx-token-file", "--influx-password-file"}) {
        const std::string error = parser.error({option, "s3cret-token=="});
        CHECK(has_all(error, {option, "'***' can't be read: No such file", "./ before it"}));
        CHECK(error.find("s3cret") == std::string::npos);
    }
    for (const char* token : {"s3cr\x01t", "s3cr\u00fct"}) {
        const std::string error = parser.error({}, {{"INFLUX_TOKEN", token}});
        CHECK(has_all(error,
                      {"(environment variable INFLUX_TOKEN): '***' contains", "as byte 5 of the secret"}));
        CHECK(error.find("s3c") == std::string::npos);
    }
    CHECK(parser.config({}, {{"INFLUX_TOKEN", " t0ken\n"}}).destinations.influx.token == "t0ken");
}

TEST_CASE("a list with commas of --metrics is refused by its comma") {
    CHECK(has_all(Parser().error({"--metrics", "lxc_cpu,lxc_memory"}),
                  {"--metrics", "has a comma; expected one glob", "once for each"}));
}

TEST_CASE("settings that leave nothing to send are refused") {
    const Parser parser;
    CHECK(has_all(parser.error({"--metrics", "!*"}), {"--metrics", "nothing is left", "lxcmon-push fields"}));
    CHECK(has_all(parser.error({"--metrics", "host_*", "--no-host"}), {"--metrics", "--no-host"}));
    CHECK(parser.config({"--metrics", "host_*", "--no-host=false"}).collect.sample_host);
}

TEST_CASE("a secret given with a wrong option or syntax is not shown") {
    const Parser parser;
    for (const std::string& error :
         {parser.error({"--influx-password=s3cret"}), parser.error({"--influx-token=s3cret"}),
          parser.error({"--influx-token", "s3cret"}), parser.error({"list", "--password=s3cret"}),
          parser.error_of_file("influx-password = \"s3cret\"\n"),
          parser.error_of_file("influx-password s3cret\n"), parser.error_of_file("influx-password: s3cret\n"),
          parser.error_of_file("influx-token:s3cret\n"),
          parser.error_of_file("[influx]\npassword \"s3cret\"\n")}) {
        CAPTURE(error);
        CHECK(error.find("s3cret") == std::string::npos);
        CHECK((has_all(error, {"unknown"}) || has_all(error, {"settings.toml:", "expected key = value"})));
    }
}

TEST_CASE("a secret file that is missing, unreadable or empty is refused, and its text is not shown") {
    const Parser parser;
    const std::string empty = parser.folder().write("empty", "");
    const std::string blank = parser.folder().write("blank", "\ns3cret\n");
    for (const char* option : {"--influx-password-file", "--influx-token-file"}) {
        CAPTURE(std::string(option));
        CHECK(has_all(parser.error({option, "/nonexistent/secret"}),
                      {option, "'/nonexistent/secret'", "No such file", "first line"}));
        CHECK(has_all(parser.error({option, "/proc"}), {option, "'/proc'", "Is a directory"}));
        CHECK(has_all(parser.error({option, empty}), {option, empty, "is empty"}));
        CHECK(has_all(parser.error({option, blank}), {option, blank, "is empty"}));
        CHECK(parser.error({option, blank}).find("s3cret") == std::string::npos);
        CHECK(has_all(parser.error({option, "/dev/zero"}), {option, "'/dev/zero'", "longer than 64 KiB"}));
    }
}

TEST_CASE("a password file is read, and requires a user") {
    const Parser parser;
    const std::string file = parser.folder().write("password", "s3 cret\r\nsecond line\n");
    const Config config = parser.config({"--influx-user", "u", "--influx-password-file", file});
    CHECK(config.destinations.influx.http.password == "s3 cret");
    CHECK(config.destinations.influx.http.user == "u");
    const std::string error = parser.error({"--influx-password-file", file});
    CHECK(has_all(error, {"--influx-password-file", "--influx-user"}));
    CHECK(error.find("cret") == std::string::npos);
}

TEST_CASE("the other settings are still checked if a subcommand is given") {
    const Parser parser;
    CHECK(has_all(parser.error({"list", "--interval", "abc"}), {"--interval", "'abc'"}));
}
