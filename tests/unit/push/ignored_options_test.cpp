// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/ignored_options.hpp"

#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::Arguments;
using lxcmon::test::has_all;
using lxcmon::test::Parser;
using lxcmon::test::Variables;

namespace {

using Ignored = std::vector<std::string>;

const std::string server_option = "--influx-url=http://h:8086";

} // namespace

TEST_CASE("an option that has no effect beside the others is named, with the reason") {
    const Parser parser;
    const std::string pem = parser.folder().write("pem", test::pem_mark);
    const struct {
        Arguments arguments;
        std::string option;
    } cases[] = {
        {{"--influx-db=d"}, "--influx-db has no effect: without --influx-url"},
        {{"--tls-ca=" + pem}, "--tls-ca has no effect: without --influx-url"},
        {{"--spool-dir=/s"}, "--spool-dir has no effect: without --influx-url"},
        {{"--send-jitter=1s"}, "--send-jitter has no effect: without --influx-url"},
        {{server_option, "--json-keep=1"},
         "--json-keep has no effect: with --influx-url there is a JSON file only"},
        {{server_option, "--influx-mode=all"}, "--influx-mode has no effect: there is only one server"},
        {{server_option, "--influx-bucket=b", "--influx-org=o", "--influx-db=d"},
         "--influx-db has no effect: the v2"},
        {{server_option, "--influx-api=v3", "--influx-create-db=off"},
         "--influx-create-db has no effect: only"},
        {{server_option, "--influx-org=o"}, "--influx-org has no effect: only the v2"},
        {{server_option, "--tls-ca=" + pem}, "--tls-ca has no effect: no server's URL begins with https://"},
        {{"--influx-url=unix:///s", "--influx-proxy=http://p:1"},
         "--influx-proxy has no effect: a unix socket"},
        {{"--log-keep=1"}, "--log-keep has no effect: without --log-file"},
        {{"--json-file=-", "--json-keep=1"}, "--json-keep has no effect: standard output"},
        {{"--csv-keep=1"}, "--csv-keep has no effect: without --csv-dir"},
        {{"--top-commands=3"}, "--top-commands has no effect: lxc_process is not sent"},
        {{"--metrics=lxc_cpu", "--fs-interval=10s"}, "--fs-interval has no effect: neither lxc_fs"},
        {{"--metrics=lxc_cpu", "--net-loopback"}, "--net-loopback has no effect: neither lxc_net"},
        {{"--metrics=lxc_cpu", "--io-include=loop*"}, "--io-include has no effect: neither lxc_io"},
    };
    for (const auto& each : cases) {
        CAPTURE(each.option);
        const Ignored ignored = parser.parse(each.arguments).ignored;
        REQUIRE(ignored.size() == 1);
        CHECK(ignored.front().starts_with(each.option));
    }
}

TEST_CASE("an option with an effect is not named, nor what is set for other programs") {
    const Parser parser;
    const std::string pem = parser.folder().write("pem", test::pem_mark);
    static_cast<void>(parser.folder().write("influx_token", "t0ken\n"));
    for (const Arguments& arguments :
         {Arguments{},
          {"--json-file=/j", "--json-keep=1"},
          {server_option, "--influx-db=d", "--spool-dir=/s"},
          {"--influx-url=https://h", "--influx-url=http://i", "--tls-ca=" + pem, "--influx-mode=all"},
          {"--metrics=+lxc_process", "--top-commands=3"},
          {"--log-file=/l", "--log-keep=1"},
          {server_option, "--json-file=/j", "--json-keep=1", "--json-layout=lxc-monitor"},
          {server_option, "--csv-dir=/c", "--csv-keep=1"}})
        CHECK(parser.parse(arguments).ignored == Ignored{});
    CHECK(parser.parse({}, {{"INFLUX_ORG", "o"}, {"INFLUX_BUCKET", "b"}, {"INFLUX_TOKEN", "t"}}).ignored ==
          Ignored{});
    CHECK(parser.parse({}, {{"CREDENTIALS_DIRECTORY", parser.folder().path("")}}).ignored == Ignored{});
}

TEST_CASE("the origin of an ignored option is named") {
    const Parser parser;
    CHECK(has_all(parser.parse({server_option}, {{"LXCMON_JSON_KEEP", "1"}}).ignored.at(0),
                  {"--json-keep (environment variable LXCMON_JSON_KEEP) has no effect"}));
    const std::string file = parser.folder().write("ignored.toml", "\njson-keep = 1\n");
    CHECK(has_all(parser.parse({server_option, "--config=" + file}).ignored.at(0),
                  {file + ":2:1: --json-keep has"}));
}

TEST_CASE("a token's file beside a user is ambiguous; INFLUX_TOKEN has no effect there") {
    const Parser parser;
    const std::string token = parser.folder().write("influx_token", "t0ken\n");
    for (const std::string& error :
         {parser.error({"--influx-user=u", "--influx-token-file=" + token}),
          parser.error({"--influx-user=u"}, {{"CREDENTIALS_DIRECTORY", parser.folder().path("")}})})
        CHECK(has_all(error,
                      {"--influx-token-file", "influx_token' is set beside --influx-user", "remove one"}));
    const Config config = parser.config({"--influx-user=u"}, {{"INFLUX_TOKEN", "t0ken"}});
    CHECK(config.destinations.influx.token.empty());
    CHECK(config.destinations.influx.http.user == "u");
}
