// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/option_table.hpp"

#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::Arguments;
using lxcmon::test::has_all;
using lxcmon::test::Parser;
using lxcmon::test::pem_mark;
using Texts = std::vector<std::string>;

namespace {

/// A valid value of the option that differs from its default.
std::string good_value(const OptionRow& row) {
    static const std::map<std::string_view, std::string> by_kind{
        {"URL", "http://h:8086"},
        {"NAME", "n"},
        {"LINES", "7"},
        {"DURATION", "7s"},
        {"SIZE", "7MiB"},
        {"PATH", "/nonexistent/p"},
        {"FILE", "/dev/null"},
        {"COUNT", "7"},
        {"GLOB", "g*"},
        {"KEY=VALUE", "k=v"},
        {"LAYOUT", "lxc-monitor"},
        {"LEVEL", "debug"},
        {"FORMAT", "json"},
        {"MODE", "all"},
        {"SCHEMA", "lxd2influx"},
        {"API", "v1"},
        {"SWITCH", "off"},
        {"HEADER", "X-Scope: s"},
        {"ADDRESS", "127.0.0.1:1"},
        {"", "true"},
    };
    return row.name == "metrics"            ? "lxc_c*"
           : row.name == "openmetrics-file" ? "/nonexistent/p.prom"
                                            : by_kind.at(row.value.name);
}

bool is_secret_file(const OptionRow& row) {
    return row.name == "influx-password-file" || row.name == "influx-token-file";
}

/// Passes the checks of the options as a certificate and as a key.
} // namespace

TEST_CASE("each option has a unique name, a help text and a function that stores it") {
    std::set<std::string_view> names;
    for (const OptionRow& row : option_table()) {
        CAPTURE(std::string(row.name));
        CHECK(names.insert(row.name).second);
        CHECK_FALSE(row.help.empty());
        CHECK_FALSE(row.group.empty());
        const bool is_taken = row.take != nullptr;
        CHECK(is_taken);
    }
    CHECK(names.size() > 25);
}

TEST_CASE("--help lists each option, with its default") {
    const Parser parser;
    const auto help = parser.parse({"--help"}).print;
    REQUIRE(help);
    for (const OptionRow& row : option_table()) {
        CAPTURE(std::string(row.name));
        CHECK(help->find("--" + std::string(row.name) + (row.value.name.empty() ? "" : " ")) !=
              std::string::npos);
        CHECK(help->find(row.default_value.text) != std::string::npos);
    }
}

TEST_CASE("each option is accepted on the command line, in the environment and in the settings file") {
    const Parser parser;
    const std::string secret = parser.folder().write("secret", "s\n");
    const std::string pem_file = parser.folder().write("pem", pem_mark);
    for (const OptionRow& row : option_table()) {
        if (row.name == "config")
            continue; // the path of the settings file
        CAPTURE(std::string(row.name));
        const std::string name(row.name);
        const std::string value = is_secret_file(row)       ? secret
                                  : row.value.name == "PEM" ? pem_file
                                                            : good_value(row);
        // Some options require these two.
        Arguments beside{"--tls-cert=" + pem_file};
        if (name != "influx-token-file")
            beside.emplace_back("--influx-user=u");
        Arguments with = beside;
        with.push_back("--" + name + "=" + value);
        CHECK_NOTHROW(static_cast<void>(parser.config(with)));
        CHECK_NOTHROW(static_cast<void>(parser.config(beside, {{app::environment_name(name), value}})));
        if (!row.command_line_only)
            CHECK_NOTHROW(static_cast<void>(parser.config_of_file(name + " = \"" + value + "\"\n", beside)));
    }
}

TEST_CASE("each option sets its member of Config") {
    const Parser parser;
    const std::string secret = parser.folder().write("secret", "s\n");
    const std::string pem_file = parser.folder().write("pem", pem_mark);
    const Config c = parser.config_of_file(
        "influx-url = \"http://x\"\ninflux-db = \"d\"\ninflux-user = \"u\"\n"
        "influx-org = \"o\"\ninflux-bucket = \"b\"\nbatch-size = 11\n"
        "flush-interval = \"12s\"\nqueue-max-size = 1300\njson-file = \"/j\"\n"
        "json-max-size = 1400\njson-keep = 15\njson-layout = \"lxc-monitor\"\nlxcpath = \"/l\"\ninclude = "
        "\"i\"\n"
        "exclude = \"e\"\ntag = \"k=v\"\nhost = \"h\"\ninterval = \"16s\"\n"
        "log-level = \"warn\"\nlog-format = \"json\"\nlog-file = \"/g\"\n"
        "log-max-size = 1700\nlog-keep = 18\nspool-dir = \"/s\"\nspool-max-size = 19000\n"
        "spool-max-age = \"20s\"\nspool-rate = 21\nsend-jitter = \"15s\"\n"
        "metrics = [\"lxc_cpu\", \"!*.cpus\"]\nno-host = true\nfs-include = \"nfs*\"\n"
        "fs-exclude = \"/x\"\nfs-interval = \"23s\"\nnet-loopback = true\n"
        "top-commands = 24\nnet-include = \"lo\"\nnet-exclude = \"d*\"\n"
        "io-include = \"loop*\"\nio-exclude = \"sr*\"\n",
        {"--influx-password-file", secret});
    const Config more = parser.config_of_file(
        "influx-mode = \"all\"\ninflux-api = \"v1\"\ninflux-rp = \"week\"\n"
        "influx-create-db = \"off\"\ninflux-gzip = false\ninflux-header = \"A: b\"\n"
        "influx-proxy = \"socks5://p:1\"\ntls-insecure = true\ntls-ca = \"" +
        pem_file + "\"\ntls-cert = \"" + pem_file + "\"\ntls-key = \"" + pem_file + "\"\n");
    using std::chrono::seconds;
    CHECK(c.destinations.influx_urls == Texts{"http://x"});
    CHECK(c.destinations.influx.database + c.destinations.influx.http.user + c.destinations.influx.org +
              c.destinations.influx.bucket ==
          "duob");
    CHECK(more.destinations.influx_mode + more.destinations.influx.retention_policy == "allweek");
    CHECK(more.destinations.influx.api == influx::Api::v1);
    CHECK_FALSE(more.destinations.influx.create_database);
    CHECK_FALSE(more.destinations.influx.gzip);
    CHECK(more.destinations.influx.headers == Texts{"A: b"});
    CHECK(more.destinations.influx.http.proxy == "socks5://p:1");
    CHECK(more.destinations.influx.http.tls.insecure);
    CHECK(more.destinations.influx.http.tls.ca + more.destinations.influx.http.tls.cert +
              more.destinations.influx.http.tls.key ==
          pem_file + pem_file + pem_file);
    CHECK(c.destinations.influx.http.password == "s");
    CHECK(c.destinations.influx.token.empty());
    CHECK(c.destinations.batch_lines == 11);
    CHECK(c.destinations.spool.folder == "/s");
    CHECK(c.destinations.spool.max_bytes == 19000);
    CHECK(c.destinations.spool.max_age == seconds(20));
    CHECK(c.destinations.queue.backlog_rate == 21);
    CHECK(c.destinations.send_jitter == seconds(15));
    CHECK(c.flush_interval == seconds(12));
    CHECK(c.destinations.queue.limit_bytes == 1300);
    CHECK(c.destinations.json_file.path == "/j");
    CHECK(c.destinations.json_file.max_bytes == 1400);
    CHECK(c.destinations.json_file.kept == 15);
    CHECK(c.destinations.json_file.is_array);
    CHECK(c.collect.metrics == Texts{"lxc_cpu", "!*.cpus"});
    CHECK_FALSE(c.collect.sample_host);
    CHECK(c.collect.sample.fs_include == Texts{"nfs*"});
    CHECK(c.collect.sample.fs_exclude == Texts{"/x"});
    CHECK(c.collect.sample.fs_interval == seconds(23));
    CHECK(c.collect.sample.net_loopback);
    CHECK(c.collect.sample.net_globs == text::NameGlobs{{"lo"}, {"d*"}});
    CHECK(c.collect.sample.io_globs == text::NameGlobs{{"loop*"}, {"sr*"}});
    CHECK(c.collect.sample.top_commands == 24);
    CHECK(c.collect.discover.lxcpaths == Texts{"/l"});
    CHECK(c.collect.discover.include == Texts{"i"});
    CHECK(c.collect.discover.exclude == Texts{"e"});
    CHECK(c.collect.sample.tags.user == std::vector<std::pair<std::string, std::string>>{{"k", "v"}});
    CHECK(c.collect.sample.tags.host == "h");
    CHECK(c.collect.interval == seconds(16));
    CHECK(c.log.level + c.log.format + c.log.file == "warnjson/g");
    CHECK(c.log.max_bytes == 1700);
    CHECK(c.log.keep == 18);
}

TEST_CASE("an lxcpath is absolute; slashes and dots without a meaning and duplicates are removed") {
    const Parser parser;
    CHECK(parser
              .config(
                  {"--lxcpath", "/a/b//", "--lxcpath", "//a/./b/.", "--lxcpath", "/", "--lxcpath", "/a/../c"})
              .collect.discover.lxcpaths == std::vector<std::string>{"/a/b", "/", "/a/../c"});
}

TEST_CASE("the environment variable of an option") {
    CHECK(app::environment_name("influx-url") == "LXCMON_INFLUX_URL");
    CHECK(app::environment_name("host") == "LXCMON_HOST");
}

TEST_CASE("an option with fixed choices accepts these choices only") {
    const Parser parser;
    for (const OptionRow& row : option_table()) {
        CAPTURE(std::string(row.name));
        Config config;
        for (const std::string_view choice : row.value.choices)
            CHECK_NOTHROW(row.take(config, std::string(choice)));
        if (!row.value.choices.empty())
            CHECK_THROWS_AS(row.take(config, "another"), text::BadValue);
    }
    CHECK(parser.config({"--influx-api=v1"}).destinations.influx.api == influx::Api::v1);
    CHECK(has_all(parser.error({"--influx-api=v4"}), {"--influx-api", "'v4'", "auto, v1, v2, v3"}));
}
