// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/sender.hpp"

#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "unit/deliver/fake_sink.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeHttpServer;
using test::FakeSink;
using test::Fault;
using test::verdict_of;

namespace {

const Batch two{"a v=1 1\nb v=2 1\n", 2};

DeliverySettings fast() {
    DeliverySettings settings;
    settings.first_wait = settings.most_wait = milliseconds(1);
    return settings;
}

influx::Settings settings_for(const FakeHttpServer& server) {
    influx::Settings settings;
    settings.url = server.url();
    settings.api = influx::Api::v1;
    settings.gzip = false;
    return settings;
}

} // namespace

TEST_CASE("the thread delivers pushed batches in spite of failures") {
    FakeHttpServer server;
    influx::Client client(settings_for(server));
    Queue queue({.limit_bytes = 1000});
    Sender sender(queue, client, fast());
    server.script({503, "", {}, Fault::none});
    server.script({404, R"({"error":"database not found"})", {}, Fault::none});
    server.script({200, "{}", {}, Fault::none});
    sender.start();
    queue.push(two);
    queue.push(two);
    CHECK(server.wait_for_requests(5)); // 503, 404, CREATE, and both batches
    CHECK(sender.stop() == 0);
    const DeliveryTotals counts = sender.counts();
    CHECK(counts.delivered_points == 4);
    CHECK(counts.retries == 1);
    CHECK(counts.dropped_points == 0);
    CHECK(counts.last_status == 204);
}

TEST_CASE("a stop ends a long wait at once, and tries once more") {
    FakeHttpServer server;
    influx::Client client(settings_for(server));
    Queue queue({.limit_bytes = 1000});
    Sender sender(queue, client);
    server.script({503, "", {{"Retry-After", "600"}}, Fault::none});
    sender.start();
    queue.push(two);
    CHECK(server.wait_for_requests(1));
    CHECK(sender.stop(seconds(20)) == 0);
    CHECK(server.requests().size() == 2);
    CHECK(sender.counts().delivered_points == 2);
}

TEST_CASE("a stop with no time left ends the running exchange, and returns the lines left") {
    FakeHttpServer server;
    influx::Client client(settings_for(server));
    Queue queue({.limit_bytes = 1000});
    Sender sender(queue, client);
    server.script({204, "", {}, Fault::silence});
    sender.start();
    queue.push(two);
    queue.push(two);
    CHECK(server.wait_for_requests(1));
    const auto start = std::chrono::steady_clock::now();
    CHECK(sender.stop(milliseconds(50)) == 4);
    CHECK(std::chrono::steady_clock::now() - start < seconds(5));
    CHECK(queue.lines() == 4);
}

TEST_CASE("sampling never waits: pushes go on while an answer is held back") {
    FakeHttpServer server;
    influx::Client client(settings_for(server));
    Queue queue({.limit_bytes = two.body.size() * 3});
    Sender sender(queue, client);
    server.script({204, "", {}, Fault::hold});
    sender.start();
    queue.push(two);
    CHECK(server.wait_for_requests(1));
    for (int tick = 0; tick < 5; ++tick)
        CHECK(queue.push(two));
    CHECK(sender.counts().dropped_points == 6); // room for two beside the one in flight
    server.release();
    CHECK(sender.stop() == 0);
    CHECK(sender.counts().delivered_points == 6);
}

TEST_CASE("stored lines of a batch that is given up do not count as left") {
    FakeSink sink;
    sink.script = {verdict_of(Outcome::too_large), Verdict{}};
    sink.script.push_back(verdict_of(Outcome::settings));
    Queue queue({.limit_bytes = 1000});
    Sender sender(queue, sink);
    queue.push(two);
    const auto drained = sender.drain(seconds(5));
    CHECK(drained.lines_left == 1);
    CHECK(drained.why == "reason");
    CHECK(queue.lines() == 1); // the stored line is not sent again
}

TEST_CASE("drain gives up if the sink always throws, and says why") {
    FakeSink sink;
    sink.judge = [](std::string_view) -> Outcome { throw std::runtime_error("no memory today"); };
    Queue queue({.limit_bytes = 1000});
    Sender sender(queue, sink, fast());
    queue.push(two);
    const auto drained = sender.drain(seconds(20), 3);
    CHECK(drained.lines_left == 2);
    CHECK(drained.why == "no memory today");
    CHECK(sink.sent.size() == 3);
}

TEST_CASE("drain delivers every batch") {
    FakeSink sink;
    Queue queue({.limit_bytes = 1000});
    Sender sender(queue, sink, fast());
    queue.push(two);
    queue.push(two);
    sink.script = {verdict_of(Outcome::retry), verdict_of(Outcome::retry)};
    const auto drained = sender.drain(seconds(20));
    CHECK(drained.lines_left == 0);
    CHECK(drained.why.empty());
    CHECK(sink.sent.size() == 4);
}

TEST_CASE("drain gives up after the maximum of tries, with the reason") {
    FakeSink sink;
    sink.script.assign(3, verdict_of(Outcome::retry, "refused by the test"));
    Queue queue({.limit_bytes = 1000});
    Sender sender(queue, sink, fast());
    queue.push(two);
    const auto drained = sender.drain(seconds(20), 3);
    CHECK(drained.lines_left == 2);
    CHECK(drained.why == "refused by the test");
    CHECK(sink.sent.size() == 3);
}

TEST_CASE("drain gives up at once on wrong settings, and if no time is left") {
    FakeSink sink;
    sink.script = {verdict_of(Outcome::settings, "401")};
    Queue queue({.limit_bytes = 1000});
    Sender sender(queue, sink);
    queue.push(two);
    CHECK(sender.drain(seconds(3600)).why == "401");
    sink.script = {verdict_of(Outcome::retry, "busy")};
    CHECK(sender.drain(milliseconds(400)).why == "busy"); // the first wait is at least 500 ms
    CHECK(sender.drain(milliseconds(0)).why == "no time is left");
    CHECK(sender.drain(seconds(1)).lines_left == 0);
}
