// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/client.hpp"

#include "support/fake_http_server.hpp"

#include <doctest/doctest.h>

#include <tuple>
#include <utility>

using namespace lxcmon;
using namespace lxcmon::influx;
using test::FakeHttpServer;
using test::Fault;
using test::HttpAnswer;

namespace {

struct ProbeFixture {
    FakeHttpServer server;

    [[nodiscard]] Settings settings() const {
        Settings settings;
        settings.url = server.url();
        settings.database = "my db";
        return settings;
    }
};

} // namespace

TEST_CASE_FIXTURE(ProbeFixture, "the check: v1") {
    Client client(settings());
    server.script({204, "", {{"X-Influxdb-Version", "1.6.7"}}, Fault::none});
    server.script({204, "", {}, Fault::none});
    const auto findings = client.probe();
    REQUIRE(findings.size() == 3);
    for (const Finding& finding : findings)
        CHECK(finding.ok);
    CHECK(findings[0].message.find("1.6.7") != std::string::npos);
    CHECK(findings[2].message == "database \"my db\" exists");
    CHECK(server.requests().back().path == "/write");
    CHECK(server.requests().back().body.empty());
    server.script({204, "", {}, Fault::none});
    server.script({401, R"({"error":"authorization failed"})", {}, Fault::none});
    const auto bad = client.probe();
    REQUIRE(bad.size() == 2);
    CHECK(bad[0].ok);
    CHECK_FALSE(bad[1].ok);
    CHECK(bad[1].message.find("authorization failed") != std::string::npos);
}

TEST_CASE_FIXTURE(ProbeFixture, "the check: a login page is no server, whatever the API") {
    for (const bool is_v2 : {false, true}) {
        Settings chosen = settings();
        chosen.bucket = is_v2 ? "b" : "";
        Client client(chosen);
        server.script({200, "<html><title>Log in</title></html>", {}, Fault::none});
        const auto findings = client.probe();
        REQUIRE(findings.size() == 1);
        CHECK_FALSE(findings[0].ok);
        CHECK(findings[0].message.find("no InfluxDB answers at this URL (HTTP 200: ") != std::string::npos);
    }
}

TEST_CASE_FIXTURE(ProbeFixture, "the check: v2 gets an empty write, and 400 to it is good") {
    Settings with_bucket = settings();
    with_bucket.bucket = "b";
    Client client(with_bucket);
    for (const auto& [status, count, good] :
         {std::tuple{400, 2U, true}, {204, 2U, true}, {401, 1U, false}, {404, 2U, false}}) {
        server.script({204, "", {}, Fault::none});
        server.script({status, R"({"code":"invalid","message":"writing requires points"})", {}, Fault::none});
        const auto findings = client.probe();
        CHECK(findings.size() == count + 1);
        CHECK(findings.back().ok == good);
        CHECK(server.requests().back().body.empty());
    }
}

TEST_CASE_FIXTURE(ProbeFixture, "the check: v3, detected from the server") {
    Settings with_token = settings();
    with_token.token = "s3cret";
    Client client(with_token);
    for (const auto& [answer, count, good] :
         {std::tuple{HttpAnswer{400, "write buffer error: line protocol was empty"}, 3U, true},
          {HttpAnswer{204, ""}, 3U, true},
          {HttpAnswer{400, "<html>400 Bad Request</html>"}, 2U, false},
          {HttpAnswer{401, ""}, 2U, false},
          {HttpAnswer{400, R"({"error":"db name did not start with a number or letter"})"}, 2U, false},
          {HttpAnswer{404, "not found"}, 3U, false}}) {
        server.script({200, R"({"version":"3.0.1"})"});
        server.script(answer);
        const auto findings = client.probe();
        REQUIRE(findings.size() == count);
        CHECK(findings.front().message ==
              server.url() + ": InfluxDB 3.0.1; using the v3 write API, detected from the server");
        CHECK(findings.back().ok == good);
        CHECK(server.requests().back().path == "/api/v3/write_lp");
        CHECK(server.requests().back().headers.at("authorization") == "Bearer s3cret");
        CHECK(server.requests().back().body.empty());
    }
}

TEST_CASE_FIXTURE(ProbeFixture, "the check shows the API and the reason for it") {
    const auto why = [](const Settings& chosen) { return Client(chosen).probe().front().message; };
    Settings chosen = settings();
    CHECK(why(chosen).ends_with("using the v1 write API, detected from the server"));
    chosen.retention_policy = "r";
    CHECK(why(chosen).ends_with("using the v1 write API, because a retention policy is set"));
    chosen.retention_policy.clear();
    chosen.bucket = "b";
    CHECK(why(chosen).ends_with("using the v2 write API, because a bucket is set"));
    chosen.api = Api::v2;
    CHECK(why(chosen).ends_with("using the v2 write API, set by --influx-api"));
}

TEST_CASE_FIXTURE(ProbeFixture, "the check: a server's trouble is no trouble with the credentials") {
    Settings with_bucket = settings();
    with_bucket.bucket = "b";
    for (const Settings& chosen : {settings(), with_bucket})
        for (const HttpAnswer& answer : {HttpAnswer{503, "busy"},
                                         {500, "disk full"},
                                         {429, ""},
                                         {400, "<html>400 Bad Request</html>"}}) {
            server.script({204, ""});
            server.script(answer);
            const auto findings = Client(chosen).probe();
            REQUIRE(findings.size() == 2);
            CHECK_FALSE(findings.back().ok);
            CHECK(findings.back().what == "server");
            CHECK(findings.back().message.starts_with(server.url() + ": HTTP " +
                                                      std::to_string(answer.status)));
        }
}

TEST_CASE_FIXTURE(ProbeFixture, "the check names the caller in plain words") {
    const auto caller = [this](const Settings& chosen) {
        server.script({204, ""});
        server.script({204, ""});
        return Client(chosen).probe().at(1).message;
    };
    Settings chosen = settings();
    CHECK(caller(chosen) == server.url() + ": requests without a user or token may write");
    chosen.http.user = "lxcmon";
    CHECK(caller(chosen) == server.url() + ": user \"lxcmon\" may write");
    chosen.token = "s3cret";
    CHECK(caller(chosen) == server.url() + ": the token may write");
}

TEST_CASE_FIXTURE(ProbeFixture, "the check: a database is missing, and the caller may create it or not") {
    const HttpAnswer missing{404, R"({"error":"database not found: \"my db\""})"};
    const auto finding = [&](const Settings& chosen, const HttpAnswer& users) {
        server.script({204, ""});
        server.script(missing);
        if (chosen.create_database)
            server.script(users);
        const auto findings = Client(chosen).probe();
        REQUIRE(findings.size() == 3);
        CHECK(findings[1].ok);
        CHECK(findings[2].what == "database");
        return findings[2];
    };
    Settings chosen = settings();
    chosen.probe_points = "m v=1 1\n";
    const HttpAnswer may{200, R"({"results":[{"statement_id":0,"series":[{"columns":["user","admin"]}]}]})"};
    const HttpAnswer may_not{403, R"({"error":"error authorizing query: u not authorized, requires admin"})"};
    CHECK(finding(chosen, may).ok);
    CHECK(finding(chosen, may).message ==
          "database \"my db\" does not exist yet; the first write creates it");
    CHECK_FALSE(finding(chosen, may_not).ok);
    CHECK(finding(chosen, may_not).message.find("may not create it (HTTP 403: error authorizing") !=
          std::string::npos);
    chosen.create_database = false;
    CHECK_FALSE(finding(chosen, may).ok);
    // A new database has only the policy autogen: each write would fail.
    chosen.retention_policy = "week";
    CHECK_FALSE(finding(chosen, may).ok);
    CHECK(finding(chosen, may).message.find("has no retention policy \"week\": create both") !=
          std::string::npos);
    for (const auto& request : server.requests())
        CHECK(request.body.empty()); // neither CREATE DATABASE nor a point
}

TEST_CASE_FIXTURE(ProbeFixture, "the check: one point tells what an empty write does not") {
    Settings chosen = settings();
    chosen.gzip = false;
    chosen.probe_points = "m v=1i 1\n";
    for (const auto& [answer, good] :
         {std::pair{HttpAnswer{204, ""}, true},
          {HttpAnswer{400,
                      R"({"error":"partial write: max-series-per-database limit exceeded: (1) dropped=1"})"},
           false},
          {HttpAnswer{500, R"({"error":"partial write: points beyond retention policy dropped=1"})"},
           false}}) {
        server.script({204, ""});
        server.script({204, ""});
        server.script(answer);
        const auto findings = Client(chosen).probe();
        REQUIRE(findings.size() == 4);
        CHECK(findings[3].what == "delivery");
        CHECK(findings[3].ok == good);
        CHECK(server.requests().back().body == chosen.probe_points);
        if (good)
            continue;
        // The same answer to the empty write already.
        server.script({204, ""});
        server.script(answer);
        const auto early = Client(chosen).probe();
        REQUIRE(early.size() == 2);
        CHECK_FALSE(early[1].ok);
        CHECK(early[1].what == "server");
    }
}

TEST_CASE_FIXTURE(ProbeFixture, "the check: a retention policy that does not exist") {
    Settings chosen = settings();
    chosen.retention_policy = "nope";
    server.script({204, ""});
    server.script({500, R"({"error":"retention policy not found: nope"})"});
    const auto findings = Client(chosen).probe();
    REQUIRE(findings.size() == 3);
    CHECK(findings[1].ok);
    CHECK_FALSE(findings[2].ok);
    CHECK(findings[2].message.find("check the retention policy") != std::string::npos);
}
