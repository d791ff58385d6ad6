// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/client.hpp"

#include "support/fake_http_server.hpp"

#include <doctest/doctest.h>

#include <tuple>

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
    server.script({200, R"({"results":[{"series":[{"values":[["my db"]]}]}]})", {}, Fault::none});
    const auto findings = client.probe();
    REQUIRE(findings.size() == 3);
    for (const Finding& finding : findings)
        CHECK(finding.ok);
    CHECK(findings[0].message.find("1.6.7") != std::string::npos);
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
    const auto findings_with = [this](const Settings& chosen) {
        server.script({204, ""});
        server.script({200, R"({"results":[{"series":[{"values":[["other"]]}]}]})"});
        return Client(chosen).probe();
    };
    Settings chosen = settings();
    const std::string begin = server.url() + ": the server accepts ";
    const auto findings = findings_with(chosen);
    REQUIRE(findings.size() == 3);
    CHECK(findings[1].message == begin + "requests without a user or token");
    CHECK(findings[2].message.find("is not visible to requests without a user or token;") !=
          std::string::npos);
    chosen.http.user = "lxcmon";
    CHECK(findings_with(chosen)[1].message == begin + "user \"lxcmon\"");
    chosen.token = "s3cret";
    CHECK(findings_with(chosen)[1].message == begin + "the token");
}
