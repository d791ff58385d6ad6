// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/delivery.hpp"

#include "unit/deliver/fake_sink.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeSink;
using test::verdict_of;

namespace {

struct Fixture {
    FakeSink sink;
    SharedCounters counters;
    Delivery delivery{sink, counters, settings()};
    std::vector<milliseconds> waits;

    static DeliverySettings settings() {
        DeliverySettings settings;
        settings.random = [] { return 1.0; };
        return settings;
    }

    /// Returns false if the batch is not done after `most_tries` tries.
    bool run(const Batch& batch, unsigned most_tries = 100) {
        delivery.begin(batch);
        for (unsigned tries = 0; !delivery.done() && tries < most_tries; ++tries)
            if (const Step step = delivery.step(); step.wait.count() != 0)
                waits.push_back(step.wait);
        return delivery.done();
    }
};

const Batch four{"a 1\nb 2\nc 3\nd 4\n", 4};

bool has_line(std::string_view lines, std::string_view line) {
    return lines.find(line) != std::string_view::npos;
}

} // namespace

TEST_CASE_FIXTURE(Fixture,
                  "a retry sends the same bytes; the waits double up to 60 s, without a limit on tries") {
    for (int count = 0; count < 8; ++count)
        sink.script.push_back(verdict_of(Outcome::retry));
    CHECK(run(four));
    CHECK(waits == std::vector<milliseconds>{seconds(1), seconds(2), seconds(4), seconds(8), seconds(16),
                                             seconds(32), seconds(60), seconds(60)});
    for (const std::string& sent : sink.sent)
        CHECK(sent == four.body);
    CHECK(counters.retries == 8);
    CHECK(counters.delivered_points == 4);
}

TEST_CASE_FIXTURE(Fixture, "the longer of backoff and Retry-After; a success resets the backoff") {
    Verdict busy = verdict_of(Outcome::retry);
    busy.wait = seconds(600);
    sink.script = {busy, verdict_of(Outcome::retry), Verdict{}, verdict_of(Outcome::retry)};
    CHECK(run(four));
    CHECK(run(four));
    CHECK(waits == std::vector<milliseconds>{seconds(600), seconds(2), seconds(1)});
}

TEST_CASE_FIXTURE(Fixture, "nothing counts as stored after a partial write: all is sent again, and taken") {
    for (const std::size_t reported : {std::size_t{1}, std::size_t{3}, std::size_t{0}}) {
        Verdict partial = verdict_of(Outcome::partial);
        partial.dropped_lines = reported;
        sink.script.push_back(partial);
        sink.sent.clear();
        CHECK(run(four));
        CHECK(sink.sent == std::vector<std::string>{four.body, "a 1\nb 2\n", "c 3\nd 4\n"});
    }
    CHECK(counters.rejected_points == 0);
    CHECK(counters.delivered_points == 12);
    CHECK(waits.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "a partial write of all lines refuses them once a single line is refused, not before") {
    Verdict partial = verdict_of(Outcome::partial);
    partial.dropped_lines = 1'000'000;
    sink.script = {partial};
    CHECK(run(four));
    CHECK(counters.delivered_points == 4); // in two halves
    sink.sent.clear();
    sink.script.assign(5, partial);
    CHECK(run(four));
    CHECK(sink.sent == std::vector<std::string>{four.body, "a 1\nb 2\n", "a 1\n", "b 2\n", "c 3\nd 4\n"});
    CHECK(counters.rejected_points == 4);
    sink.script = {verdict_of(Outcome::partial)};
    CHECK(run({"e 5\n", 1}));
    CHECK(counters.rejected_points == 5);
    CHECK(counters.delivered_points == 4);
}

TEST_CASE_FIXTURE(Fixture, "lines that a partial write names are sent apart: the answer to these decides") {
    Verdict partial = verdict_of(Outcome::partial);
    partial.dropped_lines = 2;
    partial.refused_lines = {2, 4};
    sink.script = {partial};
    CHECK(run(four));
    CHECK(sink.sent == std::vector<std::string>{four.body, "a 1\nc 3\n", "b 2\nd 4\n"});
    CHECK(counters.delivered_points == 4); // the server has taken them now
    sink.script = {partial, Verdict{}, partial, partial, partial};
    CHECK(run(four));
    CHECK(counters.delivered_points == 6);
    CHECK(counters.rejected_points == 2);
}

TEST_CASE_FIXTURE(Fixture, "too large: halved at once on line boundaries, a lone line is rejected") {
    sink.judge = [](std::string_view lines) {
        return lines.size() > 8 || has_line(lines, "c") ? Outcome::too_large : Outcome::delivered;
    };
    CHECK(run(four));
    CHECK(sink.sent == std::vector<std::string>{four.body, "a 1\nb 2\n", "c 3\nd 4\n", "c 3\n", "d 4\n"});
    CHECK(counters.delivered_points == 3);
    CHECK(counters.rejected_points == 1);
    CHECK(waits.empty());
}

TEST_CASE_FIXTURE(
    Fixture, "a proxy's limit: if nothing at all is taken, the batch stays whole, with a try every 60 s") {
    sink.judge = [](std::string_view) { return Outcome::limited; };
    CHECK_FALSE(run(four));
    CHECK(counters.rejected_points == 0);
    CHECK(waits.size() > 10);
    CHECK(waits.front() == seconds(60));
    for (unsigned step = 0; !delivery.untouched() && step < 10; ++step)
        static_cast<void>(delivery.step());
    CHECK(delivery.untouched()); // another batch may go first
}

TEST_CASE_FIXTURE(Fixture, "a proxy's limit: a single line above it is kept, and delays no other line") {
    for (const std::string bad : {"a", "c", "d"}) {
        CAPTURE(bad);
        sink.judge = [&](std::string_view lines) {
            return has_line(lines, bad) ? Outcome::limited : Outcome::delivered;
        };
        waits.clear();
        counters.delivered_points = 0;
        CHECK_FALSE(run(four, 30));
        CHECK(counters.delivered_points == 3);
        CHECK(counters.rejected_points == 0);
        CHECK(delivery.rest().body == sink.sent.back());
        CHECK(waits.size() > 10);
        CHECK(waits.back() == seconds(60));
    }
    sink.judge = {};
    while (!delivery.done())
        CHECK(delivery.step().wait == milliseconds(0));
    CHECK(counters.delivered_points == 4);
}

TEST_CASE_FIXTURE(Fixture, "too large: each line above the server's own limit is rejected") {
    sink.judge = [](std::string_view) { return Outcome::too_large; };
    CHECK(run(four));
    CHECK(counters.rejected_points == 4);
    CHECK(waits.empty());
}

TEST_CASE_FIXTURE(Fixture, "refused: the bad lines alone are rejected") {
    std::string body;
    for (int line = 0; line < 101; ++line)
        body += "line " + std::to_string(line) + "\n";
    sink.judge = [](std::string_view lines) {
        return has_line(lines, " 17\n") || has_line(lines, " 100\n") ? Outcome::refused : Outcome::delivered;
    };
    CHECK(run({body, 101}));
    CHECK(counters.rejected_points == 2);
    CHECK(counters.delivered_points == 99);
    CHECK(sink.sent.size() < 30);
}

TEST_CASE_FIXTURE(Fixture, "500: five more tries, then the line that causes it is found and rejected") {
    sink.judge = [](std::string_view lines) {
        return has_line(lines, "c") ? Outcome::server_error : Outcome::delivered;
    };
    CHECK(run(four));
    CHECK(counters.rejected_points == 1);
    CHECK(counters.delivered_points == 3);
    for (std::size_t tries = 0; tries < 6; ++tries)
        CHECK(sink.sent[tries] == four.body);
    CHECK(sink.sent[6] == "a 1\nb 2\n");
    CHECK(sink.sent.back() == "c 3\n"); // its last try, after other lines were stored
}

TEST_CASE_FIXTURE(Fixture, "500 to every line is the server's fault: no line is lost") {
    bool failing = true;
    sink.judge = [&](std::string_view) { return failing ? Outcome::server_error : Outcome::delivered; };
    for (const std::size_t tries : {7U, 20U, 200U, 1000U}) {
        CHECK_FALSE(run(four, static_cast<unsigned>(tries)));
        CHECK(counters.rejected_points == 0);
        CHECK(delivery.lines_left() == 4);
    }
    failing = false;
    while (!delivery.done())
        CHECK(delivery.step().wait == milliseconds(0));
    CHECK(counters.delivered_points == 4);
    CHECK(counters.rejected_points == 0);
}

TEST_CASE_FIXTURE(Fixture, "a server that fails during the search for the bad line costs no line") {
    unsigned sent = 0;
    // Stores the first half, then fails for a long time.
    sink.judge = [&](std::string_view) {
        ++sent;
        return sent <= 6 || (sent > 7 && sent < 200) ? Outcome::server_error : Outcome::delivered;
    };
    CHECK(run(four, 1000));
    CHECK(counters.rejected_points == 0);
    CHECK(counters.delivered_points == 4);
}

TEST_CASE_FIXTURE(Fixture, "wrong settings keep the data, with a try every 60 s") {
    sink.script = {verdict_of(Outcome::settings, "401"), verdict_of(Outcome::settings, "401")};
    CHECK_FALSE(run(four, 2));
    CHECK(waits == std::vector<milliseconds>{seconds(60), seconds(60)});
    CHECK(delivery.trouble() == "401");
    CHECK(delivery.lines_left() == 4);
    CHECK(delivery.step().wait == seconds(0));
    CHECK(delivery.trouble().empty());
}

TEST_CASE_FIXTURE(Fixture, "an empty batch, and a batch whose last line has no LF") {
    CHECK(run({}));
    CHECK(sink.sent.empty());
    CHECK(run({"a\nb", 2}));
    CHECK(counters.delivered_points == 2);
}

TEST_CASE("refused lines are reported with the server's message and their text") {
    FakeSink sink;
    std::vector<spool::Rejected> rejected;
    DeliverySettings settings;
    settings.on_rejected = [&](spool::Rejected each) { rejected.push_back(std::move(each)); };
    SharedCounters counters;
    Delivery delivery(sink, counters, settings);
    const Batch batch{"a v=1 1\nb v=2 2\nc v=3 3\n", 3};
    Verdict verdict = verdict_of(Outcome::partial, "field type conflict");
    verdict.status = 400;
    verdict.dropped_lines = 1;
    SUBCASE("named") {
        Verdict naming = verdict;
        naming.refused_lines = {2};
        sink.script = {naming, Verdict{}, verdict};
        delivery.begin(batch);
        while (!delivery.done())
            static_cast<void>(delivery.step());
        REQUIRE(rejected.size() == 1);
        CHECK(rejected[0].lines == "b v=2 2\n");
    }
    SUBCASE("found by halving") {
        sink.judge = [](std::string_view lines) {
            return lines.find("c v=3") == std::string_view::npos ? Outcome::delivered : Outcome::refused;
        };
        delivery.begin(batch);
        while (!delivery.done())
            static_cast<void>(delivery.step());
        REQUIRE(rejected.size() == 1);
        CHECK(rejected[0].lines == "c v=3 3\n");
        return;
    }
    CHECK(rejected[0].count == 1);
    CHECK(rejected[0].status == 400);
    CHECK(rejected[0].message == "field type conflict");
    CHECK(rejected[0].server == "fake");
    CHECK(rejected[0].time_ns > 1'700'000'000'000'000'000);
}
