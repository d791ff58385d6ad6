// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/target.hpp"

#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeHttpServer;
using test::Fault;
using test::HttpAnswer;
using test::HttpRequestSeen;

namespace {

Batch batch(int number) {
    return {"m,n=" + std::to_string(number) + " v=1 " + std::to_string(number) + "\n", 1};
}

/// A server that the test makes fail or work, and a target with its spool.
class Rig {
  public:
    [[nodiscard]] Target target(milliseconds spool_after = milliseconds(20)) const {
        TargetSettings settings;
        settings.queue.spool_after = spool_after;
        settings.spool.emplace();
        settings.spool->folder = spool_folder();
        settings.delivery.first_wait = settings.delivery.most_wait = milliseconds(10);
        settings.delivery.settings_wait = milliseconds(10);
        influx::Settings influx;
        influx.url = server.url();
        influx.api = influx::Api::v1; // no ping before the first write
        influx.gzip = false;
        return {std::make_unique<influx::Client>(influx), settings};
    }
    void answer_all(int status) {
        server.handle([status](const HttpRequestSeen&) { return HttpAnswer{status, "", {}, Fault::none}; });
    }
    [[nodiscard]] std::string spool_folder() const { return folder.path("spool"); }
    [[nodiscard]] std::string in_spool(const std::string& name) const {
        std::ifstream file(spool_folder() + "/" + name);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    /// The bodies of the requests after the first `count`.
    [[nodiscard]] std::vector<std::string> bodies_after(std::size_t count) const {
        std::vector<std::string> bodies;
        for (const HttpRequestSeen& request : server.requests())
            bodies.push_back(request.body);
        bodies.erase(bodies.begin(),
                     bodies.begin() + static_cast<std::ptrdiff_t>(std::min(count, bodies.size())));
        return bodies;
    }

    FakeHttpServer server;
    test::TempFolder folder;
};

bool wait_until(const std::function<bool()>& ready) {
    for (const auto end = std::chrono::steady_clock::now() + seconds(20);
         std::chrono::steady_clock::now() < end;) {
        if (ready())
            return true;
        std::this_thread::sleep_for(milliseconds(2));
    }
    return ready();
}

} // namespace

TEST_CASE("delivered batches never touch the disk") {
    Rig rig;
    Target target = rig.target(seconds(60));
    target.start();
    target.push(batch(1));
    CHECK(rig.server.wait_for_requests(1));
    CHECK(target.stop(seconds(5)).lost_lines == 0);
    CHECK(target.status().spool_bytes == 0);
    CHECK(target.status().counts.delivered_points == 1);
    CHECK(target.status().trouble.empty());
}

TEST_CASE("failed batches are in the spool at once; later the newest is sent first") {
    Rig rig;
    rig.answer_all(503);
    Target target = rig.target(seconds(60)); // spooled because of the failure, not of the time
    target.start();
    for (int number = 1; number <= 3; ++number) {
        target.push(batch(number));
        REQUIRE(wait_until([&] { return target.status().spool_points == static_cast<unsigned>(number); }));
        CHECK(target.status().queue_points == 0);
    }
    CHECK_FALSE(target.status().trouble.empty());
    const std::size_t failed = rig.server.requests().size();
    rig.answer_all(204);
    REQUIRE(wait_until([&] { return target.status().spool_points == 0; }));
    CHECK(target.status().spool_bytes == 0);
    CHECK(target.stop(seconds(5)).lost_lines == 0);
    std::string sent;
    for (const std::string& body : rig.bodies_after(failed))
        sent += body;
    // One more try may have failed before the change, so only the end is compared.
    const std::string wanted = batch(3).body + batch(1).body + batch(2).body;
    CHECK(sent.ends_with(wanted));
    CHECK(target.status().trouble.empty());
}

TEST_CASE("a server that hangs: the batches are spooled, and not sent again after a late answer") {
    Rig rig;
    rig.server.script({204, "", {}, Fault::hold});
    Target target = rig.target();
    target.start();
    target.push(batch(1));
    REQUIRE(wait_until([&] { return target.status().spool_points == 1; }));
    target.push(batch(2));
    REQUIRE(wait_until([&] { return target.status().spool_points == 2; }));
    rig.server.release();
    REQUIRE(wait_until([&] { return target.status().counts.delivered_points == 2; }));
    REQUIRE(wait_until([&] { return target.status().spool_bytes == 0; }));
    CHECK(target.stop(seconds(5)).lost_lines == 0);
    CHECK(rig.server.requests().size() == 2);
}

TEST_CASE("a stop writes undelivered batches to the spool, and the next start delivers them") {
    Rig rig;
    rig.answer_all(503);
    {
        Target target = rig.target(seconds(60));
        target.start();
        target.push(batch(1));
        target.push(batch(2));
        CHECK(target.stop(milliseconds(0)).lost_lines == 0);
        CHECK(target.status().spool_points == 2);
    }
    rig.answer_all(204);
    Target target = rig.target();
    target.start();
    REQUIRE(wait_until([&] { return target.status().counts.delivered_points == 2; }));
    REQUIRE(wait_until([&] { return target.status().spool_bytes == 0; }));
    CHECK(rig.bodies_after(0).back() == batch(1).body + batch(2).body);
}

TEST_CASE("two agents can't have one spool") {
    Rig rig;
    Target first = rig.target();
    first.start();
    Target second = rig.target();
    CHECK_THROWS_AS(second.start(), spool::SpoolHeld);
    CHECK_THROWS_WITH(second.start(), doctest::Contains(std::to_string(::getpid()).c_str()));
}

TEST_CASE("permanently refused lines are in rejected.jsonl, the rest is delivered") {
    Rig rig;
    rig.server.handle([](const HttpRequestSeen& request) {
        const bool bad = request.body.find("n=2") != std::string::npos;
        return HttpAnswer{bad ? 400 : 204,
                          bad ? R"({"error":"field type conflict: no such colour"})" : "",
                          {},
                          Fault::none};
    });
    Target target = rig.target(seconds(60));
    target.start();
    target.push({batch(1).body + batch(2).body + batch(3).body, 3});
    REQUIRE(wait_until([&] { return target.status().counts.delivered_points == 2; }));
    CHECK(target.stop(seconds(5)).lost_lines == 0);
    CHECK(target.status().counts.rejected_points == 1);
    const std::string rejected = rig.in_spool("rejected.jsonl");
    CHECK(rejected.find("m,n=2 v=1 2") != std::string::npos);
    CHECK(rejected.find("no such colour") != std::string::npos);
    CHECK(rejected.find("n=1") == std::string::npos);
    CHECK(target.status().spool_points == 0);
}

TEST_CASE("if the spool can't be used, points stay in memory and the status says so") {
    Rig rig;
    std::ofstream(rig.spool_folder()) << "a file where the folder should be";
    rig.answer_all(503);
    Target target = rig.target(milliseconds(0));
    target.start();
    CHECK_FALSE(target.status().trouble.empty());
    target.push(batch(1));
    REQUIRE(rig.server.wait_for_requests(1));
    CHECK(target.status().queue_points == 1);
    SUBCASE("delivered later") {
        rig.answer_all(204);
        REQUIRE(wait_until([&] { return target.status().counts.delivered_points == 1; }));
        CHECK(target.stop(seconds(5)).lost_lines == 0);
    }
    SUBCASE("lost at the end and reported") {
        CHECK(target.stop(milliseconds(0)).lost_lines == 1);
    }
}

TEST_CASE("once: undelivered points wait in the spool, and the next run delivers them") {
    Rig rig;
    rig.answer_all(503);
    {
        Target target = rig.target();
        target.push(batch(1));
        const auto delivered = target.deliver_now(seconds(5), 1);
        CHECK(delivered.lines_left == 1);
        CHECK(delivered.spooled_lines == 1);
        CHECK_FALSE(delivered.why.empty());
    }
    rig.answer_all(204);
    Target target = rig.target();
    target.push(batch(2));
    const std::size_t failed = rig.server.requests().size();
    CHECK(target.deliver_now(seconds(5), 1).lines_left == 0);
    CHECK(rig.bodies_after(failed) == std::vector<std::string>{batch(2).body, batch(1).body});
    CHECK(target.deliver_now(seconds(5), 1).lines_left == 0);
    CHECK(rig.server.requests().size() == failed + 2);
}

TEST_CASE(
    "once beside an agent that holds the spool: delivers its points, or reports that it can't spool them") {
    Rig rig;
    Target agent = rig.target();
    agent.start();
    Target once = rig.target();
    once.push(batch(1));
    CHECK(once.deliver_now(seconds(5), 1).lines_left == 0);
    rig.answer_all(503);
    once.push(batch(2));
    const auto failed = once.deliver_now(seconds(5), 1);
    CHECK(failed.lines_left == 1);
    CHECK(failed.spooled_lines == 0);
    CHECK(failed.why.find("not spooled") != std::string::npos);
}
