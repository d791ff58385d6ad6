// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/delivery.hpp"

#include "unit/deliver/fake_sink.hpp"

#include <doctest/doctest.h>

#include <string_view>

using namespace lxcmon;
using namespace lxcmon::deliver;
using test::FakeSink;

TEST_CASE("a line that always gets 500 is rejected at the end of a batch, and alone after other lines were "
          "stored") {
    FakeSink sink;
    SharedCounters counters;
    DeliverySettings settings;
    settings.random = [] { return 1.0; };
    Delivery delivery(sink, counters, settings);
    sink.judge = [](std::string_view lines) {
        return lines.find("d v=4") != std::string_view::npos ? Outcome::server_error : Outcome::delivered;
    };
    const auto bring = [&](const Batch& batch) {
        delivery.begin(batch);
        for (int steps = 0; !delivery.done() && steps < 200; ++steps)
            static_cast<void>(delivery.step());
        return delivery.done();
    };
    const Batch last{"a v=1 1\nb v=2 2\nd v=4 4\n", 3};
    const Batch alone{"d v=4 5\n", 1};
    CHECK(bring(last));
    CHECK(counters.rejected_points == 1);
    CHECK(counters.delivered_points == 2);
    const std::size_t sent = sink.sent.size();
    CHECK(bring(alone));
    CHECK(counters.rejected_points == 2);
    CHECK(sink.sent.size() < sent + 15); // no waits any more: the server is known to work
}

TEST_CASE("a server that fails permanently costs no line, not even single ones") {
    FakeSink sink;
    SharedCounters counters;
    Delivery delivery(sink, counters);
    const Batch first{"a v=1 1\n", 1};
    const Batch second{"b v=2 2\nc v=3 3\n", 2};
    delivery.begin(first);
    static_cast<void>(delivery.step());
    sink.judge = [](std::string_view) { return Outcome::server_error; };
    delivery.begin(second);
    for (int steps = 0; steps < 500; ++steps)
        static_cast<void>(delivery.step());
    CHECK(counters.rejected_points == 0);
    CHECK(delivery.lines_left() == 2);
    sink.judge = {};
    while (!delivery.done())
        static_cast<void>(delivery.step());
    CHECK(counters.delivered_points == 3);
}
