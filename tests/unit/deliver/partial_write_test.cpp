// SPDX-License-Identifier: GPL-2.0-or-later
// A server at its limit on series, as InfluxDB 1.6.7: it refuses new series, stores only a part of the lines
// beside them, and says no more than the number of refused lines.
#include "deliver/sender.hpp"

#include "support/waiting.hpp"
#include "unit/deliver/fake_sink.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

constexpr std::size_t lines_of_batch = 5000;

class LimitedServer final : public Sink {
  public:
    /// Lines with a number that `refuses` names are refused.
    std::function<bool(std::size_t)> refuses;
    std::set<std::string> stored;
    std::size_t requests = 0;

    Verdict send(std::string_view lines) override {
        ++requests;
        Verdict verdict;
        std::size_t refused = 0;
        std::set<std::string> taken;
        while (!lines.empty()) {
            const std::string line(lines.substr(0, lines.find('\n')));
            lines.remove_prefix(line.size() + 1);
            if (refuses(std::stoul(line.substr(line.find('=') + 1))))
                ++refused;
            else if (refused == 0)
                taken.insert(line); // and not what follows a refused line
        }
        stored.merge(taken);
        if (refused == 0)
            return verdict;
        verdict.outcome = Outcome::partial;
        verdict.status = 400;
        verdict.message = "partial write: max-series-per-database limit exceeded";
        verdict.dropped_lines = refused;
        return verdict;
    }
    void set_deadline(std::chrono::steady_clock::time_point) noexcept override {}
    std::vector<Finding> probe() override { return {}; }
    std::string name() const override { return "limited"; }
};

struct LimitedServerFixture {
    LimitedServer server;
    SharedCounters counters;
    std::set<std::string> rejected;
    std::size_t waits = 0;
    Delivery delivery{server, counters, settings()};

    DeliverySettings settings(milliseconds first_wait = milliseconds(1)) {
        DeliverySettings settings;
        settings.first_wait = first_wait;
        settings.on_rejected = [this](const spool::Rejected& each) {
            for (std::string_view rest = each.lines; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
                rejected.emplace(rest.substr(0, rest.find('\n')));
        };
        return settings;
    }

    /// Returns the number of requests for a batch. Refused are exactly the lines that the server refuses.
    std::size_t deliver_batch(std::size_t time) {
        const Batch batch = batch_of(time);
        server.requests = 0;
        server.stored.clear();
        rejected.clear();
        counters.delivered_points = counters.rejected_points = 0;
        waits = 0;
        delivery.begin(batch);
        for (std::size_t since_wait = 0; !delivery.done();) {
            REQUIRE(++since_wait <= 230);
            if (delivery.step().wait.count() != 0) {
                ++waits;
                since_wait = 0;
            }
        }
        CHECK(counters.delivered_points + counters.rejected_points == lines_of_batch);
        check_decided(time);
        CHECK(rejected.size() == counters.rejected_points);
        return server.requests;
    }
    void check_decided(std::size_t time) const {
        for (std::size_t number = 0; number < lines_of_batch; ++number) {
            REQUIRE(rejected.contains(line(number, time)) == server.refuses(number));
            REQUIRE(server.stored.contains(line(number, time)) != server.refuses(number));
        }
    }
    /// Lines `m,n=NUMBER v=1 TIME`.
    static Batch batch_of(std::size_t time) {
        Batch batch;
        for (; batch.lines < lines_of_batch; ++batch.lines)
            batch.body += line(batch.lines, time) + "\n";
        return batch;
    }
    static std::string line(std::size_t number, std::size_t time) {
        return "m,n=" + std::to_string(number) + " v=1 " + std::to_string(time);
    }
};

} // namespace

TEST_CASE_FIXTURE(LimitedServerFixture,
                  "one refused series of 5,000: all other lines are stored, in few requests") {
    server.refuses = [](std::size_t number) { return number == 1234; };
    CHECK(deliver_batch(1) < 30);
    CHECK(waits == 0);
    CHECK(rejected == std::set<std::string>{line(1234, 1)});
    CHECK(deliver_batch(2) == 3); // it is known now
    CHECK(rejected == std::set<std::string>{line(1234, 2)});
    server.refuses = [](std::size_t) { return false; };
    CHECK(deliver_batch(3) == 1);
    CHECK(counters.rejected_points == 0);
}

TEST_CASE_FIXTURE(LimitedServerFixture,
                  "a server that refuses all series gets few requests for a batch, then one") {
    server.refuses = [](std::size_t) { return true; };
    CHECK(deliver_batch(1) < 30);
    CHECK(rejected.size() == lines_of_batch);
    CHECK(deliver_batch(2) == 1);
    CHECK(rejected.size() == lines_of_batch);
}

TEST_CASE_FIXTURE(LimitedServerFixture,
                  "refused series everywhere: none but these are refused, and the server gets rests") {
    for (const std::size_t every : {std::size_t{50}, std::size_t{2}}) {
        CAPTURE(every);
        server.refuses = [every](std::size_t number) { return number % every == 1; };
        deliver_batch(every);
        CHECK(waits > 0);
        CHECK(deliver_batch(every + 1) == 3);
        CHECK(waits == 0);
    }
}

TEST_CASE_FIXTURE(LimitedServerFixture, "a refused series that recovers beside others is forgotten") {
    server.refuses = [](std::size_t number) { return number == 7 || number == 4000; };
    deliver_batch(1);
    server.refuses = [](std::size_t number) { return number == 7; };
    deliver_batch(2);
    CHECK(deliver_batch(3) == 3);
    CHECK(rejected == std::set<std::string>{line(7, 3)});
}

TEST_CASE_FIXTURE(LimitedServerFixture,
                  "live batches and the backlog share what they know of refused series") {
    server.refuses = [](std::size_t number) { return number % 50 == 7; };
    QueueSettings spooled;
    spooled.spooled = true;
    Queue queue(spooled);
    Sender sender(queue, server, settings());
    sender.start();
    queue.push(batch_of(1));
    REQUIRE(test::comes_true([&] { return queue.lines() == 0; }, minutes(1)));
    check_decided(1);
    const std::size_t before = server.requests;
    const Batch old = batch_of(2);
    queue.offer_backlog(old);
    REQUIRE(test::comes_true([&] { return queue.take_backlog() == Queue::Backlog::delivered; }, minutes(1)));
    check_decided(2);
    CHECK(server.requests == before + 3);
}

TEST_CASE_FIXTURE(
    LimitedServerFixture,
    "with a spool the rest of a batch goes there until it is searched again, and others go on") {
    server.refuses = [](std::size_t number) { return number % 50 == 7; };
    QueueSettings spooled;
    spooled.spooled = true;
    spooled.spool_after = hours(1);
    Queue queue(spooled);
    Sender sender(queue, server, settings(hours(1)));
    sender.start();
    queue.push(batch_of(1));
    std::optional<Queue::Due> due;
    REQUIRE(test::comes_true([&] { return (due = queue.begin_spooling()).has_value(); }, minutes(1)));
    CHECK(due->batch->lines < lines_of_batch);
    CHECK(due->batch->lines > lines_of_batch / 2);
    queue.push({"other v=0 1\n", 1});
    REQUIRE(test::comes_true([&] { return queue.lines() == due->batch->lines; }, minutes(1)));
    CHECK(server.stored.contains("other v=0 1"));
    CHECK(sender.trouble().empty());
    CHECK(sender.counts().delivered_points + sender.counts().rejected_points ==
          lines_of_batch + 1 - due->batch->lines);
    CHECK(rejected.size() == sender.counts().rejected_points);
    CHECK(std::ranges::all_of(rejected, [](const std::string& each) {
        return std::stoul(each.substr(each.find('=') + 1)) % 50 == 7;
    }));
}

TEST_CASE_FIXTURE(LimitedServerFixture, "replay waits for the search, which is no failed try") {
    server.refuses = [](std::size_t number) { return number % 50 == 7; };
    Queue queue({});
    Sender sender(queue, server, settings());
    queue.push(batch_of(1));
    CHECK(sender.drain(minutes(1), 1).lines_left == 0);
    check_decided(1);
}

TEST_CASE("if a server names all lines that it can't parse, these are refused at once") {
    test::FakeSink sink;
    SharedCounters counters;
    Delivery delivery(sink, counters);
    Verdict verdict = test::verdict_of(Outcome::refused);
    verdict.refused_texts = {"a x", "b y"};
    sink.script = {verdict};
    const Batch bad{"a x\nb y\n", 2};
    delivery.begin(bad);
    while (!delivery.done())
        static_cast<void>(delivery.step());
    CHECK(sink.sent.size() == 1);
    CHECK(counters.rejected_points == 2);
    const Batch mixed{"a x\nc z=1 1\n", 2}; // one is named: the other is found by a search
    sink.script = {verdict, test::verdict_of(Outcome::refused)};
    delivery.begin(mixed);
    while (!delivery.done())
        static_cast<void>(delivery.step());
    CHECK(counters.rejected_points == 3);
    CHECK(counters.delivered_points == 1);
}
