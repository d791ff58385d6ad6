// SPDX-License-Identifier: GPL-2.0-or-later
// A server at its limit on series, as InfluxDB 1.6.7: it refuses new series, stores only a part of the lines
// beside them, and says no more than the number of refused lines.
#include "deliver/delivery.hpp"

#include "unit/deliver/fake_sink.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>

using namespace lxcmon;
using namespace lxcmon::deliver;

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
    Delivery delivery{server, counters, settings()};

    DeliverySettings settings() {
        DeliverySettings settings;
        settings.on_rejected = [this](const spool::Rejected& each) {
            for (std::string_view rest = each.lines; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
                rejected.emplace(rest.substr(0, rest.find('\n')));
        };
        return settings;
    }

    /// Returns the number of requests for a batch of lines `m,n=NUMBER v=1 TIME`.
    std::size_t deliver_batch(std::size_t time) {
        Batch batch;
        for (; batch.lines < lines_of_batch; ++batch.lines)
            batch.body += line(batch.lines, time) + "\n";
        server.requests = 0;
        server.stored.clear();
        rejected.clear();
        counters.delivered_points = counters.rejected_points = 0;
        delivery.begin(batch);
        while (!delivery.done())
            CHECK(delivery.step().wait.count() == 0);
        CHECK(counters.delivered_points + counters.rejected_points == lines_of_batch);
        CHECK(rejected.size() == counters.rejected_points);
        for (std::size_t number = 0; number < lines_of_batch; ++number)
            REQUIRE((server.stored.contains(line(number, time)) || rejected.contains(line(number, time))));
        return server.requests;
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
    CHECK(rejected == std::set<std::string>{line(1234, 1)});
    CHECK(deliver_batch(2) == 3); // it is known now
    CHECK(rejected == std::set<std::string>{line(1234, 2)});
    server.refuses = [](std::size_t) { return false; };
    CHECK(deliver_batch(3) == 1);
    CHECK(counters.rejected_points == 0);
}

TEST_CASE_FIXTURE(LimitedServerFixture, "a server that refuses all series gets one request for a batch") {
    server.refuses = [](std::size_t) { return true; };
    CHECK(deliver_batch(1) == 1);
    CHECK(rejected.size() == lines_of_batch);
}

TEST_CASE_FIXTURE(LimitedServerFixture,
                  "refused series everywhere: requests are limited, and in the end all others are stored") {
    server.refuses = [](std::size_t number) { return number % 50 == 7; };
    std::size_t time = 1;
    CHECK(deliver_batch(time) <= 403);
    CHECK(rejected.size() > 100);
    while (rejected.size() > 100 && time < 40)
        CHECK(deliver_batch(++time) <= 403);
    CHECK(rejected.size() == 100);
    CHECK(deliver_batch(++time) == 3);
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
