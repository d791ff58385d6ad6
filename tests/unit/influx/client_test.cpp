// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/client.hpp"

#include "deliver/delivery.hpp"
#include "support/fake_http_server.hpp"
#include "unit/influx/bodies.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace lxcmon;
using namespace lxcmon::influx;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeHttpServer;
using test::Fault;
using test::HttpAnswer;
using test::two;

namespace {

Settings settings_for(const FakeHttpServer& server) {
    Settings settings;
    settings.url = server.url();
    settings.api = Api::v1;
    settings.database = "my db";
    settings.gzip = false;
    return settings;
}

/// Lines that gzip can't compress well.
std::string big_body(std::size_t bytes) {
    std::string body;
    for (unsigned number = 1; body.size() < bytes; number = number * 1664525U + 1013904223U)
        body += std::to_string(number) + "\n";
    return body;
}

struct Fixture {
    FakeHttpServer server;
    deliver::SharedCounters counters;

    /// Delivers through client and server. Returns the waits between the tries, without waiting.
    std::vector<milliseconds> deliver(Client& client, const Batch& batch, unsigned most_tries = 50) {
        deliver::DeliverySettings settings;
        settings.random = [] { return 1.0; };
        deliver::Delivery delivery(client, counters, settings);
        delivery.begin(batch);
        std::vector<milliseconds> waits;
        for (unsigned tries = 0; tries < most_tries && !delivery.done(); ++tries)
            if (const deliver::Step step = delivery.step(); step.wait.count() != 0)
                waits.push_back(step.wait);
        CHECK(delivery.done());
        return waits;
    }
};

} // namespace

TEST_CASE_FIXTURE(Fixture, "a v1 write, as the server sees it") {
    Settings settings = settings_for(server);
    settings.url += "/prefix/";
    settings.http.user = "me";
    settings.http.password = "p:w";
    Client client(settings);
    CHECK(client.send(two.body).outcome == deliver::Outcome::delivered);
    CHECK(client.send(two.body).status == 204);
    const auto seen = server.requests();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].method == "POST");
    CHECK(seen[0].path == "/prefix/write");
    CHECK(seen[0].query == std::map<std::string, std::string>{{"db", "my db"}, {"precision", "ns"}});
    CHECK(seen[0].headers.at("authorization") == "Basic bWU6cDp3");
    CHECK(seen[0].headers.count("expect") == 0);
    CHECK(seen[0].headers.count("content-encoding") == 0);
    CHECK(seen[0].body == two.body);
    CHECK(seen[1].connection == 1); // kept alive
}

TEST_CASE_FIXTURE(Fixture, "a v2 write with a token") {
    Settings settings = settings_for(server);
    settings.org = "o&o";
    settings.api = Api::automatic; // a bucket means v2
    settings.bucket = "b/b";
    settings.token = "s3cret==";
    settings.http.user = "ignored";
    Client client(settings);
    CHECK(client.send(two.body).outcome == deliver::Outcome::delivered);
    const auto seen = server.requests().front();
    CHECK(seen.path == "/api/v2/write");
    CHECK(seen.query ==
          std::map<std::string, std::string>{{"org", "o&o"}, {"bucket", "b/b"}, {"precision", "ns"}});
    CHECK(seen.headers.at("authorization") == "Token s3cret==");
}

TEST_CASE("invalid settings; the errors contain no secrets") {
    Settings settings;
    settings.url = "http://u:hunter22@h";
    CHECK_THROWS_AS(Client{settings}, std::invalid_argument);
    settings.url = "http://h";
    settings.token = "hunter22\r\nX: y";
    try {
        const Client client(settings);
        FAIL("no error");
    } catch (const std::invalid_argument& wrong) {
        CHECK(std::string(wrong.what()).find("hunter22") == std::string::npos);
    }
}

TEST_CASE_FIXTURE(Fixture, "statuses after which the same lines are sent again") {
    Client client(settings_for(server));
    for (const int status : {408, 429, 502, 503, 504})
        server.script({status, "", {}, Fault::none});
    server.script({503, "", {{"Retry-After", "99"}}, Fault::none});
    const auto waits = deliver(client, two);
    CHECK(waits == std::vector<milliseconds>{seconds(1), seconds(2), seconds(4), seconds(8), seconds(16),
                                             seconds(99)});
    for (const auto& seen : server.requests())
        CHECK(seen.body == two.body);
}

TEST_CASE_FIXTURE(Fixture, "after a broken connection the same lines are sent again") {
    Client client(settings_for(server));
    for (const Fault fault : {Fault::reset, Fault::reset_midway})
        server.script({200, "part", {}, fault});
    // libcurl itself retries once if a kept connection breaks before the first byte.
    CHECK_FALSE(deliver(client, two).empty());
    CHECK(counters.delivered_points == 2);
}

TEST_CASE_FIXTURE(Fixture, "the time-out ends an answer that never comes or never ends") {
    Settings settings = settings_for(server);
    settings.timeout = milliseconds(300);
    Client client(settings);
    for (const Fault fault : {Fault::silence, Fault::endless}) {
        server.script({200, "x", {}, fault});
        const deliver::Verdict verdict = client.send(two.body);
        CHECK(verdict.outcome == deliver::Outcome::retry);
        CHECK(verdict.message.find("time-out") != std::string::npos);
        CHECK(verdict.message.find(server.url()) != std::string::npos);
    }
    CHECK(client.send(two.body).outcome == deliver::Outcome::delivered);
}

TEST_CASE_FIXTURE(Fixture, "a deadline ends an exchange at once, from another thread") {
    Client client(settings_for(server));
    server.script({204, "", {}, Fault::silence});
    std::thread stopper([&] {
        CHECK(server.wait_for_requests(1));
        client.set_deadline(std::chrono::steady_clock::now());
    });
    const auto start = std::chrono::steady_clock::now();
    CHECK(client.send(two.body).outcome == deliver::Outcome::retry);
    CHECK(std::chrono::steady_clock::now() - start < seconds(5)); // its own time-out is 10 s
    stopper.join();
}

TEST_CASE_FIXTURE(Fixture, "413 is read although the server closes the connection during the request body") {
    Client client(settings_for(server));
    const std::string body = big_body(8U << 20U);
    for (int round = 0; round < 20; ++round) {
        server.script({413, R"({"error":"Request Entity Too Large"})", {}, Fault::close_early});
        const deliver::Verdict verdict = client.send(body);
        REQUIRE_MESSAGE(verdict.outcome == deliver::Outcome::limited, verdict.message);
        CHECK(verdict.status == 413);
    }
}

TEST_CASE_FIXTURE(Fixture, "413 halves, and a line that is too large alone is rejected") {
    server.handle([](const test::HttpRequestSeen& seen) {
        return HttpAnswer{seen.body.size() > 8 || seen.body.starts_with("b") ? 413 : 204,
                          "",
                          {{"X-Influxdb-Version", "1.8"}},
                          Fault::none};
    });
    Client client(settings_for(server));
    CHECK(deliver(client, two).empty());
    CHECK(counters.delivered_points == 1);
    CHECK(counters.rejected_points == 1);
}

TEST_CASE_FIXTURE(Fixture, "400: a refused batch and a partial write are bisected") {
    Client client(settings_for(server));
    server.script({400, R"({"error":"partial write: x dropped=1"})", {}, Fault::none});
    server.script({400, R"({"error":"partial write: x dropped=1"})", {}, Fault::none});
    CHECK(deliver(client, two).empty());
    CHECK(server.requests().size() == 3);
    CHECK(counters.rejected_points == 1);
    server.handle([](const test::HttpRequestSeen& seen) {
        return HttpAnswer{seen.body.find("a v") == std::string::npos ? 204 : 400,
                          "bad",
                          {{"X-Influxdb-Error", "bad"}},
                          Fault::none};
    });
    CHECK(deliver(client, two).empty());
    CHECK(counters.rejected_points == 2);
    CHECK(counters.delivered_points == 2);
}

TEST_CASE_FIXTURE(Fixture, "400 of a proxy: the batch is kept whole, and tried again every minute") {
    Client client(settings_for(server));
    server.script({400, "<html>400 Bad Request</html>", {}, Fault::none});
    CHECK(deliver(client, two) == std::vector<milliseconds>{seconds(60)});
    CHECK(counters.rejected_points == 0);
    CHECK(counters.delivered_points == 2);
}

TEST_CASE_FIXTURE(Fixture, "500 is retried five times, then bisected; an unknown retention policy is not") {
    server.handle([](const test::HttpRequestSeen& seen) {
        return HttpAnswer{seen.body.find("a v") == std::string::npos ? 204 : 500, "broken", {}, Fault::none};
    });
    Client client(settings_for(server));
    CHECK(deliver(client, two).size() == 11); // five for the batch, five for the line alone, one more chance
    CHECK(counters.rejected_points == 1);
    server.script({500, R"({"error":"retention policy not found: x"})", {}, Fault::none});
    server.handle([](const test::HttpRequestSeen&) { return HttpAnswer{}; });
    CHECK(deliver(client, two) == std::vector<milliseconds>{seconds(60)});
}

TEST_CASE_FIXTURE(Fixture, "wrong settings, and a redirect that is not followed") {
    Client client(settings_for(server));
    for (const int status : {401, 403, 404, 405})
        server.script({status, "", {}, Fault::none});
    server.script({307, "", {{"Location", server.url() + "/elsewhere"}}, Fault::none});
    CHECK(deliver(client, two) == std::vector<milliseconds>(5, seconds(60)));
    for (const auto& seen : server.requests())
        CHECK(seen.path == "/write");
}

TEST_CASE_FIXTURE(Fixture, "a secret that the server repeats is not in the message") {
    Settings settings = settings_for(server);
    settings.http.user = "me";
    settings.http.password = "hunter22";
    Client client(settings);
    server.script({401, "hunter22 is wrong", {}, Fault::none});
    CHECK(client.send(two.body).message.find("hunter22") == std::string::npos);
}

TEST_CASE("a port without a server, and an unknown host") {
    std::string gone;
    {
        const FakeHttpServer server;
        gone = server.url();
    }
    Settings settings;
    settings.url = gone;
    settings.api = Api::v1;
    Client refused(settings);
    const deliver::Verdict verdict = refused.send("a v=1 1\n");
    CHECK(verdict.outcome == deliver::Outcome::retry);
    CHECK(verdict.message.find("connection refused") != std::string::npos);
    settings.url = "http://no-such-host.invalid:8086";
    Client unknown(settings);
    CHECK(unknown.send("a v=1 1\n").message.find("the host name can't be resolved") != std::string::npos);
}
