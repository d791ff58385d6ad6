// SPDX-License-Identifier: GPL-2.0-or-later
// InfluxDB 1.6.7 near its max-series-per-database: all new series of a request are refused if not all have
// room.
#include "deliver/delivery.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::hours;
using std::chrono::milliseconds;

namespace {

/// A line: its series, a space, fields and time.
class ServerWithRoom final : public Sink {
  public:
    std::size_t most_series = 0;
    std::set<std::string> series;
    std::string reason = "partial write: max-series-per-database limit exceeded: (";
    std::string forbidden; ///< a line of this series is refused for a reason of its own
    std::size_t requests = 0;

    Verdict send(std::string_view lines) override {
        ++requests;
        std::set<std::string> fresh;
        std::size_t dropped = 0;
        bool is_bad = false;
        while (!lines.empty()) {
            const std::string each(lines.substr(0, lines.find(' ')));
            lines.remove_prefix(lines.find('\n') + 1);
            is_bad = is_bad || each == forbidden;
            dropped += series.contains(each) ? 0U : 1U;
            if (!series.contains(each) && each != forbidden)
                fresh.insert(each);
        }
        const bool has_room = series.size() + fresh.size() <= most_series;
        if (has_room)
            series.merge(fresh);
        Verdict verdict;
        if (has_room && !is_bad)
            return verdict;
        verdict.outcome = Outcome::partial;
        verdict.message = has_room ? "partial write: max-values-per-tag limit exceeded ("
                                   : reason + std::to_string(most_series) + ")";
        verdict.dropped_lines = has_room ? 1 : dropped;
        return verdict;
    }
    void set_deadline(std::chrono::steady_clock::time_point) noexcept override {}
    std::vector<Finding> probe() override { return {}; }
    std::string name() const override { return "server with room"; }
};

struct RoomFixture {
    ServerWithRoom server;
    SharedCounters counters;
    Delivery delivery{server, counters, settings(hours(1))};

    static DeliverySettings settings(milliseconds alone_for) {
        DeliverySettings settings;
        settings.refused_series = std::make_shared<RefusedSeries>(alone_for);
        return settings;
    }
    static Batch batch_of(std::size_t lines) {
        Batch batch;
        for (; batch.lines < lines; ++batch.lines)
            batch.body += "m,n=" + std::to_string(batch.lines) + " v=1 1\n";
        return batch;
    }
    /// Returns the number of requests.
    std::size_t deliver(Delivery& by, const Batch& batch) {
        server.requests = 0;
        counters.rejected_points = counters.delivered_points = 0;
        by.begin(batch);
        while (!by.done())
            static_cast<void>(by.step());
        CHECK(counters.delivered_points + counters.rejected_points == batch.lines);
        return server.requests;
    }
};

} // namespace

TEST_CASE_FIXTURE(RoomFixture, "new series are stored as far as the server has room") {
    for (const std::size_t room : {22U, 1U, 23U, 12U, 0U, 24U}) {
        CAPTURE(room);

        server.series.clear();
        server.most_series = room;
        Delivery first(server, counters, settings(hours(1)));
        CHECK(deliver(first, batch_of(24)) < 24);
        CHECK(server.series.size() == room);
        CHECK(counters.rejected_points == 24 - room);
        CHECK(deliver(first, batch_of(24)) <= 3); // what is refused is known now
        CHECK(counters.rejected_points == 24 - room);
    }
}

TEST_CASE_FIXTURE(RoomFixture, "5,000 new series, and room for a part of them") {
    for (const std::size_t room : {0U, 1U, 3000U, 4998U}) {
        CAPTURE(room);
        server.series.clear();
        server.most_series = room;
        Delivery first(server, counters, settings(hours(1)));
        CHECK(deliver(first, batch_of(5000)) < 100);
        CHECK(counters.delivered_points == room);
        CHECK(deliver(first, batch_of(5000)) <= 3);
        CHECK(counters.delivered_points == room);
    }
}

TEST_CASE_FIXTURE(RoomFixture, "refused series use room that comes free, once one is tried alone again") {
    server.most_series = 1;
    const Batch batch = batch_of(24);
    deliver(delivery, batch);
    server.most_series = 11;
    deliver(delivery, batch);
    CHECK(counters.delivered_points == 1); // within the time in which no line is tried alone
    Delivery later(server, counters, settings(milliseconds(0)));
    deliver(later, batch);
    CHECK(counters.delivered_points == 11);
    server.most_series = 17;
    deliver(later, batch);
    CHECK(counters.delivered_points == 17);
    server.most_series = 24;
    deliver(later, batch);
    CHECK(counters.rejected_points == 0);
}

TEST_CASE_FIXTURE(RoomFixture, "new series do not share the fate of those that were refused before") {
    server.most_series = 4;
    deliver(delivery, batch_of(8));
    server.most_series = 6;
    deliver(delivery, {"m,n=a v=1 1\nm,n=b v=1 1\nm,n=c v=1 1\n", 3});
    CHECK(counters.delivered_points == 2);
}

TEST_CASE_FIXTURE(RoomFixture, "a line that is refused alone for another reason decides nothing for others") {
    server.most_series = 2;
    server.forbidden = "m,n=0";
    deliver(delivery, batch_of(4));
    CHECK(counters.delivered_points == 2);
    CHECK(server.series.size() == 2);
}
