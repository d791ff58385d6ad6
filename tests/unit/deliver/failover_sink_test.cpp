// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/failover_sink.hpp"

#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "support/log_capture.hpp"
#include "unit/deliver/fake_sink.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace lxcmon;
using namespace lxcmon::deliver;
using lxcmon::test::FakeHttpServer;
using lxcmon::test::FakeSink;
using lxcmon::test::LogCapture;
using lxcmon::test::verdict_of;
using std::chrono::seconds;

namespace {

/// Three sinks with outcomes that the test sets, and a clock that it sets too.
struct Three {
    LogCapture log;
    std::array<FakeSink*, 3> sinks{};
    std::array<Outcome, 3> outcomes{};
    std::chrono::steady_clock::time_point now;
    FailoverSink failover{make(), [this] { return now; }};

    std::vector<std::unique_ptr<Sink>> make() {
        std::vector<std::unique_ptr<Sink>> made;
        for (std::size_t index = 0; index < sinks.size(); ++index) {
            auto sink = std::make_unique<FakeSink>();
            sinks[index] = sink.get();
            sink->shown = std::string("http://") + "abc"[index];
            sink->judge = [this, index](std::string_view) { return outcomes[index]; };
            made.push_back(std::move(sink));
        }
        return made;
    }
    Outcome send() { return failover.send("x\n").outcome; }
    /// Number of sends to each sink since the last call.
    std::array<std::size_t, 3> send_counts() {
        std::array<std::size_t, 3> counts{};
        for (std::size_t index = 0; index < sinks.size(); ++index) {
            counts[index] = sinks[index]->sent.size();
            sinks[index]->sent.clear();
        }
        return counts;
    }
};

using SendCounts = std::array<std::size_t, 3>;

/// Two servers, a client for each, and a clock that the test sets.
struct TwoServers {
    LogCapture log;
    FakeHttpServer first, second;
    std::chrono::steady_clock::time_point now;

    [[nodiscard]] FailoverSink failover(bool gzip = false) {
        std::vector<std::unique_ptr<Sink>> sinks;
        for (const FakeHttpServer* server : {&first, &second}) {
            influx::Settings settings;
            settings.url = server->url();
            settings.api = influx::Api::v1;
            settings.gzip = gzip;
            sinks.push_back(std::make_unique<influx::Client>(std::move(settings)));
        }
        return FailoverSink(std::move(sinks), [this] { return now; });
    }
};

std::vector<std::string> paths(const FakeHttpServer& server) {
    std::vector<std::string> paths;
    for (const auto& request : server.requests())
        paths.push_back(request.path);
    return paths;
}

using Paths = std::vector<std::string>;
constexpr const char* no_database = R"({"error":"database not found: \"lxc\""})";

} // namespace

TEST_CASE_FIXTURE(Three, "the first sink is used while it works, even if it refuses lines") {
    for (const Outcome outcome :
         {Outcome::delivered, Outcome::partial, Outcome::refused, Outcome::too_large}) {
        outcomes[0] = outcome;
        CHECK(send() == outcome);
        CHECK(send_counts() == SendCounts{1, 0, 0});
    }
    CHECK(log.take().empty());
}

TEST_CASE_FIXTURE(Three, "the next sink gets the same lines at once and stays in use; logged once") {
    for (const Outcome outcome : {Outcome::retry, Outcome::server_error, Outcome::settings}) {
        Three three;
        three.outcomes[0] = outcome;
        CHECK(three.send() == Outcome::delivered);
        CHECK(three.sinks[1]->sent == std::vector<std::string>{"x\n"});
        CHECK(three.send_counts() == SendCounts{1, 1, 0});
        CHECK(three.log.take() == "warning http://a: ; sending to http://b\n");
        three.outcomes[0] = Outcome::delivered;
        CHECK(three.send() == Outcome::delivered);
        CHECK(three.send_counts() == SendCounts{0, 1, 0});
        CHECK(three.log.take().empty());
    }
}

TEST_CASE_FIXTURE(Three, "after a minute the earlier sinks are tried again, beginning with the first") {
    outcomes = {Outcome::retry, Outcome::retry, Outcome::delivered};
    CHECK(send() == Outcome::delivered);
    CHECK(send_counts() == SendCounts{1, 1, 1});
    static_cast<void>(log.take());
    now += seconds(59);
    CHECK(send() == Outcome::delivered);
    CHECK(send_counts() == SendCounts{0, 0, 1});
    now += seconds(1);
    CHECK(send() == Outcome::delivered);
    CHECK(send_counts() == SendCounts{1, 1, 1});
    CHECK(log.take().empty()); // the third is still in use
    CHECK(send() == Outcome::delivered);
    CHECK(send_counts() == SendCounts{0, 0, 1}); // not again for a minute
    outcomes[0] = Outcome::delivered;
    now += seconds(60);
    CHECK(send() == Outcome::delivered);
    CHECK(send_counts() == SendCounts{1, 0, 0});
    CHECK(log.take() == "info http://a works again; sending to it instead of http://c\n");
}

TEST_CASE_FIXTURE(Three, "if the current sink fails, the earlier ones are tried as well") {
    outcomes[0] = Outcome::retry;
    CHECK(send() == Outcome::delivered);
    static_cast<void>(send_counts());
    static_cast<void>(log.take());
    outcomes = {Outcome::delivered, Outcome::retry, Outcome::retry};
    CHECK(send() == Outcome::delivered);
    CHECK(send_counts() == SendCounts{1, 1, 1});
    CHECK(log.take() == "warning http://b: ; sending to http://a\n");
}

TEST_CASE_FIXTURE(Three, "all fail: each is tried once; the first verdict is returned with all messages") {
    sinks[0]->script = {verdict_of(Outcome::server_error, "HTTP 500")};
    sinks[0]->script[0].status = 500;
    sinks[1]->script = {verdict_of(Outcome::retry, "http://b/write: refused")};
    sinks[2]->script = {verdict_of(Outcome::settings, "HTTP 401")};
    const Verdict verdict = failover.send("x\n");
    CHECK(verdict.outcome == Outcome::server_error);
    CHECK(verdict.status == 500);
    CHECK(verdict.message ==
          "no server accepts the points: http://a: HTTP 500; http://b/write: refused; http://c: HTTP 401");
    CHECK(send_counts() == SendCounts{1, 1, 1});
    CHECK(log.take().empty());
    CHECK(send() == Outcome::delivered);
    CHECK(send_counts() == SendCounts{1, 0, 0}); // it stays with the first
}

TEST_CASE_FIXTURE(Three, "name, findings and deadline are those of all sinks") {
    CHECK(failover.name() == "http://a, else http://b, else http://c");
    CHECK(failover.probe().size() == 3);
    const auto deadline = std::chrono::steady_clock::now();
    failover.set_deadline(deadline);
    for (const FakeSink* sink : sinks)
        CHECK(sink->deadline == deadline);
}

TEST_CASE_FIXTURE(TwoServers,
                  "over HTTP: a missing database is created on each server, also if it was dropped") {
    FailoverSink sink = failover();
    first.script({404, no_database});
    first.script({200, "{}"});
    CHECK(sink.send("a v=1 1\n").outcome == Outcome::delivered);
    CHECK(paths(first) == Paths{"/write", "/query", "/write"});
    first.script({404, no_database});
    first.script({200, "{}"});
    CHECK(sink.send("a v=1 1\n").outcome == Outcome::delivered);
    CHECK(paths(first) == Paths{"/write", "/query", "/write", "/write", "/query", "/write"});
    CHECK(paths(second).empty());
    first.script({503, ""});
    second.script({404, no_database});
    second.script({200, "{}"});
    CHECK(sink.send("a v=1 1\n").outcome == Outcome::delivered);
    CHECK(paths(second) == Paths{"/write", "/query", "/write"});
}

TEST_CASE_FIXTURE(TwoServers,
                  "over HTTP: a server whose database can't be created; 503 does not count as a try") {
    FailoverSink sink = failover();
    first.handle([](const test::HttpRequestSeen&) { return test::HttpAnswer{404, no_database}; });
    first.script({404, no_database});
    first.script({503, ""});
    CHECK(sink.send("a v=1 1\n").outcome == Outcome::delivered);
    CHECK(second.requests().size() == 1);
    CHECK(log.take() == "warning " + first.url() + ": HTTP 503; sending to " + second.url() + "\n");
    first.script({404, no_database});
    first.script({200, R"({"results":[{"error":"not allowed"}]})"});
    for (int minute = 0; minute < 2; ++minute) {
        now += seconds(60);
        CHECK(sink.send("a v=1 1\n").outcome == Outcome::delivered);
    }
    CHECK(paths(first) == Paths{"/write", "/query", "/write", "/query", "/write"});
    CHECK(second.requests().size() == 3);
}

TEST_CASE_FIXTURE(TwoServers, "over HTTP: gzip is given up for the server that does not accept it") {
    FailoverSink sink = failover(true);
    first.script({415, ""});
    CHECK(sink.send("a v=1 1\n").outcome == Outcome::delivered);
    first.script({415, ""}); // without gzip: the server can't be used
    CHECK(sink.send("a v=1 1\n").outcome == Outcome::delivered);
    const auto seen = first.requests();
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].headers.count("content-encoding") == 1);
    CHECK(seen[1].headers.count("content-encoding") == 0);
    CHECK(seen[2].headers.count("content-encoding") == 0);
    REQUIRE(second.requests().size() == 1);
    CHECK(second.requests().front().headers.at("content-encoding") == "gzip");
}

TEST_CASE("over HTTP: the first server is down, the second gets the same bytes") {
    const LogCapture log;
    FakeHttpServer second;
    std::string gone;
    {
        const FakeHttpServer first;
        gone = first.url();
    }
    std::vector<std::unique_ptr<Sink>> sinks;
    for (const std::string& url : {gone, second.url()}) {
        influx::Settings settings;
        settings.url = url;
        settings.api = influx::Api::v1;
        settings.gzip = false;
        sinks.push_back(std::make_unique<influx::Client>(std::move(settings)));
    }
    FailoverSink failover(std::move(sinks));
    CHECK(failover.send("a v=1 1\n").outcome == Outcome::delivered);
    REQUIRE(second.requests().size() == 1);
    CHECK(second.requests().front().body == "a v=1 1\n");
}
