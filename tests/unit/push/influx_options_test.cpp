// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit/push/parsed.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::Arguments;
using lxcmon::test::has_all;
using lxcmon::test::Parser;

using Texts = std::vector<std::string>;

TEST_CASE("several servers on the command line, in the environment, in the settings file") {
    const Parser parser;
    const Texts both{"http://a:8086", "unix:///run/b"};
    CHECK(parser.config({"--influx-url", both[0], "--influx-url", both[1]}).destinations.influx_urls == both);
    CHECK(
        parser.config({}, {{"LXCMON_INFLUX_URL", "http://a:8086,unix:///run/b"}}).destinations.influx_urls ==
        both);
    CHECK(parser.config_of_file("influx-url = [\"http://a:8086\", \"unix:///run/b\"]\n")
              .destinations.influx_urls == both);
    CHECK(
        parser.config({"--influx-url", "http://c"}, {{"INFLUX_URL", "http://a"}}).destinations.influx_urls ==
        Texts{"http://c"});
}

TEST_CASE("the same server given twice is refused, in any notation") {
    const Parser parser;
    for (const char* again : {"http://a:80", "HTTP://A/", "http://a"})
        CHECK(has_all(parser.error({"--influx-url", "http://a", "--influx-url", again}),
                      {"--influx-url: '" + std::string(again) + "' is given twice"}));
    CHECK(parser.config({"--influx-url", "http://a", "--influx-url", "https://a"})
              .destinations.influx_urls.size() == 2);
}

TEST_CASE("each API requires some options and refuses others") {
    const Parser parser;
    CHECK(has_all(parser.error({"--influx-api", "v4"}), {"--influx-api: 'v4'", "auto, v1, v2, v3"}));
    CHECK(has_all(parser.error({"--influx-api", "v2"}), {"--influx-api: 'v2' needs --influx-bucket"}));
    CHECK(has_all(parser.error({"--influx-api", "v2", "--influx-bucket", "b"}), {"'v2' needs --influx-org"}));
    CHECK(parser.config({"--influx-api=v2", "--influx-bucket=b", "--influx-org=o"}).destinations.influx.api ==
          influx::Api::v2);
    for (const std::string api : {"v1", "v3"})
        CHECK(has_all(parser.error({"--influx-api", api, "--influx-bucket", "b"}),
                      {"'" + api + "' has no buckets"}));
    CHECK(parser.config({"--influx-bucket", "b"}).destinations.influx.api ==
          influx::Api::automatic); // VictoriaMetrics has no organizations
    CHECK(has_all(parser.error({"--influx-rp", "r", "--influx-bucket", "b"}),
                  {"--influx-rp: ", "remove one of the two options"}));
    CHECK(has_all(parser.error({"--influx-rp", "r", "--influx-api", "v3"}),
                  {"--influx-rp: ", "--influx-api v1"}));
    CHECK(parser.config({"--influx-rp", "r", "--influx-api", "v1"}).destinations.influx.retention_policy ==
          "r");
}

TEST_CASE("on/off options and modes") {
    const Parser parser;
    CHECK(parser.config({}).destinations.influx.gzip);
    CHECK(parser.config({}).destinations.influx.create_database);
    CHECK(parser.config({}).destinations.influx_mode == "failover");
    CHECK_FALSE(parser.config({"--influx-gzip", "off"}).destinations.influx.gzip);
    CHECK(has_all(parser.error({"--influx-gzip", "maybe"}), {"--influx-gzip: 'maybe'"}));
    CHECK(has_all(parser.error({"--influx-mode", "some"}), {"--influx-mode: 'some'", "failover, all"}));
}

TEST_CASE("no error shows the value of a header") {
    const Parser parser;
    for (const char* header : {"X-Key: hunter22\nY: b", "Host: hunter22", "hunter22", "X Key: hunter22"}) {
        for (const std::string& error : {parser.error({"--influx-header", header}),
                                         parser.error({}, {{"LXCMON_INFLUX_HEADER", header}})}) {
            CHECK(has_all(error, {"--influx-header", "***"}));
            CHECK(error.find("hunter22") == std::string::npos);
        }
    }
    CHECK(has_all(parser.error({"--influx-header", "Host: h"}), {"'Host: ***' can't be set"}));
    CHECK(parser.config({"--influx-header", "A: b, c", "--influx-header=D: e"}).destinations.influx.headers ==
          Texts{"A: b, c", "D: e"});
}

TEST_CASE("a header that duplicates the credentials is refused") {
    const Parser parser;
    const std::string secret = parser.folder().write("secret", "s3cret");
    const Arguments header{"--influx-header", "AUTHORIZATION: Bearer x"};
    CHECK(parser.config(header).destinations.influx.headers.size() == 1);
    for (const Arguments& other :
         {Arguments{"--influx-user", "u"}, Arguments{"--influx-token-file", secret}}) {
        Arguments both = header;
        both.insert(both.end(), other.begin(), other.end());
        CHECK(has_all(parser.error(both), {"--influx-header: 'Authorization' is set already"}));
    }
}

TEST_CASE("a proxy URL with credentials is refused, and they are not shown") {
    const Parser parser;
    const std::string error = parser.error({"--influx-proxy", "http://me:hunter22@p:3128"});
    CHECK(has_all(error, {"--influx-proxy: 'http://***@p:3128'", "https_proxy"}));
    CHECK(error.find("hunter22") == std::string::npos);
    CHECK(has_all(parser.error({"--influx-proxy", "p:3128"}), {"--influx-proxy: 'p:3128'", "http://HOST"}));
}

TEST_CASE(
    "the error about a TLS file that is missing or has other content names the option, file and format") {
    const Parser parser;
    const std::string text = parser.folder().write("text", "hello\n");
    const std::string empty_folder = parser.folder().path("empty");
    std::filesystem::create_directory(empty_folder);
    for (const std::string option : {"--tls-ca", "--tls-cert", "--tls-key"}) {
        CHECK(has_all(parser.error({option, "/nonexistent/x.pem"}),
                      {option + ": '/nonexistent/x.pem' can't be read: No such file", "PEM"}));
        CHECK(has_all(parser.error({option, text}), {option + ": '" + text + "' holds no ", "PEM"}));
    }
    CHECK(has_all(parser.error({"--tls-ca", empty_folder}),
                  {"--tls-ca: ", "is a folder without certificates"}));
    CHECK(has_all(parser.error({"--tls-cert", empty_folder}),
                  {"--tls-cert: ", "can't be read: Is a directory"}));
}

TEST_CASE("certificate and key belong together, and the key is not locked") {
    const Parser parser;
    const std::string cert = parser.folder().write("cert", "-----BEGIN CERTIFICATE-----\n");
    const std::string key = parser.folder().write("key", "-----BEGIN EC PRIVATE KEY-----\n");
    const std::string both =
        parser.folder().write("both", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n");
    CHECK(has_all(parser.error({"--tls-key", key}), {"--tls-key: needs --tls-cert"}));
    CHECK(has_all(parser.error({"--tls-cert", cert}),
                  {"--tls-cert: '" + cert + "' holds no private key", "--tls-key"}));
    CHECK(parser.config({"--tls-cert", both}).destinations.influx.http.tls.key.empty());
    CHECK(parser.config({"--tls-cert", cert, "--tls-key", key}).destinations.influx.http.tls.key == key);
    for (const char* locked : {"-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
                               "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"}) {
        const std::string file = parser.folder().write("locked", locked);
        CHECK(has_all(parser.error({"--tls-cert", cert, "--tls-key", file}),
                      {"--tls-key: ", "locked with a password"}));
    }
}
