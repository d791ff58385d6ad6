// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/output/sink_factory.hpp"

#include "app/settings/bad_setting.hpp"

#include "support/fake_http_server.hpp"
#include "support/log_capture.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace lxcmon;
using namespace lxcmon::push;
using lxcmon::test::FakeHttpServer;
using lxcmon::test::LogCapture;

namespace {

DestinationSettings with_urls(std::vector<std::string> urls, std::string mode = "failover") {
    DestinationSettings config;
    config.influx_urls = std::move(urls);
    config.influx_mode = std::move(mode);
    return config;
}

} // namespace

TEST_CASE("the destinations for each setting") {
    DestinationSettings config;
    config.json_file.path = "/tmp/x.jsonl";
    auto made = make_destinations(config);
    REQUIRE(made.size() == 1);
    CHECK(made[0].feed == Feed::json_lines);
    CHECK(made[0].sink->name() == "/tmp/x.jsonl");

    made = make_destinations(with_urls({"http://a", "http://b"}));
    REQUIRE(made.size() == 1);
    CHECK(made[0].feed == Feed::line_protocol);
    CHECK(made[0].sink->name() == "http://a, else http://b");

    made = make_destinations(with_urls({"http://a", "http://b"}, "all"));
    REQUIRE(made.size() == 2);
    CHECK(made[0].sink->name() == "http://a");
    CHECK(made[1].sink->name() == "http://b");

    DestinationSettings dry = with_urls({"http://a"});
    dry.dry_run = true;
    made = make_destinations(dry);
    REQUIRE(made.size() == 1);
    CHECK(made[0].feed == Feed::line_protocol);
    CHECK(made[0].sink->name().find("http") == std::string::npos);
}

TEST_CASE("files are destinations beside the servers, the JSON file if its path is given") {
    for (const bool has_server : {true, false}) {
        DestinationSettings config;
        if (has_server)
            config = with_urls({"http://a", "http://b"}, "all");
        config.csv.folder = "/tmp/csv/";
        auto made = make_destinations(config);
        REQUIRE(made.size() == (has_server ? 3 : 2));
        CHECK(made.back().sink->name() == "/tmp/csv");
        CHECK(made.back().is_beside);
        CHECK_FALSE(made.front().is_beside);
        CHECK(made.back().feed == made.front().feed);
        config.json_file.path = "/tmp/x.json";
        config.wants_json_file = true;
        for (const bool is_array : {false, true}) {
            config.json_file.is_array = is_array;
            made = make_destinations(config);
            REQUIRE(made.size() == (has_server ? 4 : 2));
            const Destination& file = made[made.size() - 2];
            CHECK(file.sink->name() == "/tmp/x.json");
            CHECK(file.feed == (is_array ? Feed::snapshots : Feed::json_lines));
            CHECK(file.is_beside == has_server);
            CHECK(made.front().has_spool == has_server);
            CHECK_FALSE(made.back().has_spool);
            CHECK(made.back().feed == (has_server ? Feed::line_protocol : Feed::json_lines));
        }
        config.dry_run = true;
        CHECK(make_destinations(config).size() == 1);
    }
}

TEST_CASE("each setting reaches the server") {
    FakeHttpServer server;
    DestinationSettings config = with_urls({server.url()});
    config.influx.api = influx::Api::v1;
    config.influx.database = "d";
    config.influx.retention_policy = "r";
    config.influx.token = "t0ken";
    config.influx.gzip = false;
    config.influx.create_database = false;
    config.influx.headers = {"X-A: b"};
    const Destination destination = std::move(make_destinations(config).front());
    CHECK(destination.sink->send("a v=1 1\n").outcome == deliver::Outcome::delivered);
    const auto seen = server.requests().front();
    CHECK(seen.query == std::map<std::string, std::string>{{"db", "d"}, {"rp", "r"}, {"precision", "ns"}});
    CHECK(seen.headers.at("authorization") == "Token t0ken");
    CHECK(seen.headers.at("x-a") == "b");
    CHECK(seen.body == "a v=1 1\n");
    server.script({404, R"({"error":"database not found"})"});
    CHECK(destination.sink->send("a v=1 1\n").outcome == deliver::Outcome::settings);
    CHECK(server.requests().size() == 2); // no query to create the database
    config.influx.api = influx::Api::v3;
    config.influx.retention_policy.clear();
    config.influx.gzip = true;
    CHECK(make_destinations(config).front().sink->send("a v=1 1\n").outcome == deliver::Outcome::delivered);
    CHECK(server.requests().back().path == "/api/v3/write_lp");
    CHECK(server.requests().back().headers.at("content-encoding") == "gzip");
    config.influx.http.proxy = server.url();
    config.influx_urls = {"http://influx.invalid"};
    CHECK(make_destinations(config).front().sink->send("a v=1 1\n").outcome == deliver::Outcome::delivered);
}

TEST_CASE("insecure TLS is logged once for several servers, and only by the warning itself") {
    LogCapture log;
    DestinationSettings config = with_urls({"https://a", "https://b"}, "all");
    warn_of_insecure(config);
    config.influx.http.tls.insecure = true;
    CHECK(make_destinations(config).size() == 2);
    CHECK(log.take().empty());
    warn_of_insecure(config);
    const std::string logged = log.take();
    CHECK(logged.starts_with("warning --tls-insecure: "));
    CHECK(logged.find("--tls-insecure", 12) == std::string::npos);
}

TEST_CASE("an unusable token is a bad setting") {
    DestinationSettings config = with_urls({"http://a"});
    config.influx.token = "a\nb";
    CHECK_THROWS_AS(static_cast<void>(make_destinations(config)), app::BadSetting);
}
