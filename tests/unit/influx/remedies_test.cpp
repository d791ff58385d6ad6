// SPDX-License-Identifier: GPL-2.0-or-later
// Answers on which the client acts by itself: 404 for a missing database, and 415.
#include "deliver/delivery.hpp"
#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "support/log_capture.hpp"
#include "unit/influx/bodies.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::influx;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeHttpServer;
using test::HttpRequestSeen;
using test::LogCapture;
using test::two;

namespace {

constexpr const char* no_database = R"({"error":"database not found: \"lxc\""})";
constexpr const char* created = R"({"results":[{"statement_id":0}]})";

using Paths = std::vector<std::string>;
using Waits = std::vector<milliseconds>;

struct RemediesFixture {
    LogCapture log;
    FakeHttpServer server;
    deliver::SharedCounters counters;

    [[nodiscard]] Settings settings() const {
        Settings settings;
        settings.url = server.url();
        settings.api = Api::v1;
        settings.gzip = false;
        return settings;
    }
    [[nodiscard]] static deliver::DeliverySettings waits() {
        deliver::DeliverySettings settings;
        settings.random = [] { return 1.0; };
        return settings;
    }
    /// Returns the waits between the tries, without waiting.
    Waits deliver(Client& client) {
        deliver::Delivery delivery(client, counters, waits());
        delivery.begin(two);
        Waits waits;
        for (unsigned tries = 0; tries < 50 && !delivery.done(); ++tries)
            if (const deliver::Step step = delivery.step(); step.wait.count() != 0)
                waits.push_back(step.wait);
        CHECK(delivery.done());
        return waits;
    }
    [[nodiscard]] Paths paths() const {
        Paths paths;
        for (const HttpRequestSeen& seen : server.requests())
            paths.push_back(seen.path);
        return paths;
    }
};

} // namespace

TEST_CASE_FIXTURE(RemediesFixture,
                  "a missing database is created once until a write succeeds, and the batch is sent again") {
    Client client(settings());
    const Paths once{"/write", "/query", "/write"};
    server.script({404, no_database});
    server.script({200, created});
    CHECK(deliver(client).empty());
    CHECK(paths() == once);
    CHECK(server.requests().back().body == two.body);
    server.script({404, no_database}); // dropped
    server.script({200, created});
    CHECK(deliver(client).empty());
    CHECK(paths() == Paths{"/write", "/query", "/write", "/write", "/query", "/write"});
}

TEST_CASE_FIXTURE(RemediesFixture,
                  "a server that says it has created the database and has not is asked once") {
    Client client(settings());
    server.script({404, no_database});
    server.script({200, created});
    for (int tries = 0; tries < 3; ++tries)
        server.script({404, no_database});
    CHECK(deliver(client) == Waits{seconds(60), seconds(60), seconds(60)});
    CHECK(std::ranges::count(paths(), "/query") == 1);
}

TEST_CASE_FIXTURE(RemediesFixture,
                  "a database that is not found after it was created is a matter of settings") {
    Client client(settings());
    server.script({404, no_database});
    server.script({200, created});
    server.script({404, no_database});
    const deliver::Verdict verdict = client.send(two.body);
    CHECK(verdict.outcome == deliver::Outcome::settings);
    CHECK(verdict.message.find("database not found") != std::string::npos);
    CHECK(verdict.message.find("CREATE DATABASE") != std::string::npos);
}

TEST_CASE_FIXTURE(RemediesFixture,
                  "a database that can't be created is a matter of settings, with the reason") {
    Client client(settings());
    server.script({404, no_database});
    server.script({403, R"({"error":"requires admin privilege"})"});
    deliver::Delivery delivery(client, counters, waits());
    delivery.begin(two);
    const deliver::Step step = delivery.step();
    CHECK(step.outcome == deliver::Outcome::settings);
    CHECK(step.wait == seconds(60));
    CHECK(step.message.find("requires admin privilege") != std::string::npos);
    CHECK(delivery.trouble() == step.message);
}

TEST_CASE_FIXTURE(RemediesFixture, "a database that can't be created: 200 with an error in it") {
    Client client(settings());
    server.script({404, no_database});
    server.script({200, R"({"results":[{"error":"no right"}]})"});
    const deliver::Verdict verdict = client.send(two.body);
    CHECK(verdict.outcome == deliver::Outcome::settings);
    CHECK(verdict.message.find("no right") != std::string::npos);
    CHECK(verdict.status == 404); // lxcmon_push.last_status is that of the write
}

TEST_CASE_FIXTURE(RemediesFixture,
                  "both remedies for one batch: the database is missing, then gzip is not accepted") {
    for (const bool database_first : {true, false}) {
        Settings compressing = settings();
        compressing.gzip = true;
        Client client(compressing);
        if (!database_first)
            server.script({415, ""});
        server.script({404, no_database});
        server.script({200, created});
        if (database_first)
            server.script({415, ""});
        CHECK(client.send(two.body).outcome == deliver::Outcome::delivered);
        CHECK(server.requests().back().body == two.body);
    }
}

TEST_CASE_FIXTURE(RemediesFixture, "no answer to the creation: it is tried again later") {
    Client client(settings());
    for (const test::HttpAnswer& answer : {test::HttpAnswer{503, ""}, {200, created}}) {
        server.script({404, no_database});
        server.script(answer);
    }
    CHECK(deliver(client) == Waits{seconds(1)});
    CHECK(paths() == Paths{"/write", "/query", "/write", "/query", "/write"});
}

TEST_CASE_FIXTURE(RemediesFixture, "a database is created with its name in quotes") {
    Settings quoted = settings();
    quoted.database = "l\"x";
    Client client(quoted);
    server.script({404, R"({"error":"database not found: \"l\\\"x\""})"});
    server.script({200, created});
    CHECK(deliver(client).empty());
    const auto seen = server.requests();
    REQUIRE(seen.size() == 3);
    CHECK(seen[1].method == "POST");
    CHECK(seen[1].path == "/query");
    CHECK(seen[1].body == "q=CREATE%20DATABASE%20%22l%5C%22x%22");
    CHECK(seen[2].body == two.body);
}

TEST_CASE_FIXTURE(RemediesFixture,
                  "a database is created on the v1 API only, and only if the settings allow it") {
    Settings third = settings();
    third.api = Api::v3;
    server.script({404, no_database});
    CHECK(Client(third).send(two.body).outcome == deliver::Outcome::settings);
    Settings forbidden = settings();
    forbidden.create_database = false;
    server.script({404, no_database});
    const deliver::Verdict verdict = Client(forbidden).send(two.body);
    CHECK(verdict.outcome == deliver::Outcome::settings);
    CHECK(verdict.message.find("--influx-create-db is off") != std::string::npos);
    CHECK(paths() == Paths{"/api/v3/write_lp", "/write"});
}

TEST_CASE_FIXTURE(RemediesFixture,
                  "415: the same bytes at once, without gzip from now on, and one line in the log") {
    Settings compressing = settings();
    compressing.gzip = true;
    Client client(compressing);
    server.script({415, ""});
    CHECK(deliver(client).empty());
    CHECK(deliver(client).empty());
    const auto seen = server.requests();
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].headers.at("content-encoding") == "gzip");
    CHECK(seen[0].body.starts_with("\x1f\x8b"));
    CHECK(seen[1].body == two.body);
    CHECK(seen[2].headers.count("content-encoding") == 0);
    CHECK(log.take() ==
          "info " + server.url() +
              " does not accept gzip (HTTP 415): sending to it without compression from now on\n");
}

TEST_CASE_FIXTURE(RemediesFixture, "415 without gzip is a matter of settings") {
    Settings compressing = settings();
    compressing.gzip = true;
    Client client(compressing);
    server.script({415, ""});
    server.script({415, ""});
    CHECK(deliver(client) == Waits{seconds(60)});
    CHECK(server.requests().size() == 3);
}

TEST_CASE_FIXTURE(RemediesFixture, "415 on each API") {
    server.handle([](const HttpRequestSeen& seen) {
        return test::HttpAnswer{seen.headers.count("content-encoding") == 0 ? 204 : 415, ""};
    });
    for (const Api api : {Api::automatic, Api::v1, Api::v2, Api::v3}) {
        Settings compressing = settings();
        compressing.api = api;
        compressing.bucket = api == Api::v2 ? "b" : "";
        compressing.gzip = true;
        Client client(compressing);
        CHECK(client.send(two.body).outcome == deliver::Outcome::delivered);
        CHECK(server.requests().back().body == two.body);
    }
}
