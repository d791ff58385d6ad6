// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/tick_timer.hpp"

#include <doctest/doctest.h>

using lxcmon::io::TickGrid;

namespace {

constexpr std::int64_t one_second = 1'000'000'000;
constexpr std::int64_t interval = 10 * one_second;
/// A multiple of the interval.
constexpr std::int64_t base = 1'700'000'000 * one_second;

void check_tick(const TickGrid::Step& step, std::int64_t tick_ns, std::int64_t missed = 0) {
    REQUIRE(step.tick_ns);
    CHECK(*step.tick_ns - base == tick_ns - base);
    CHECK(step.missed == missed);
}

void check_none(const TickGrid::Step& step, std::int64_t missed = 0) {
    CHECK_FALSE(step.tick_ns);
    CHECK(step.missed == missed);
}

} // namespace

TEST_CASE("the first tick is the next multiple of the interval") {
    CHECK(TickGrid(interval, base + 1).planned_ns() == base + interval);
    CHECK(TickGrid(interval, base + interval - 1).planned_ns() == base + interval);
    CHECK(TickGrid(interval, base).planned_ns() == base + interval);
    CHECK(TickGrid::floor(base + interval - 1, interval) == base);
    CHECK(TickGrid::floor(base, interval) == base);
}

TEST_CASE("ticks follow each other at multiples of the interval") {
    TickGrid grid(interval, base + 3 * one_second);
    for (std::int64_t tick = base + interval; tick < base + 5 * interval; tick += interval) {
        check_tick(grid.step(tick + 150'000), tick);
        CHECK(grid.planned_ns() == tick + interval);
    }
}

TEST_CASE("before the tick there is no step") {
    TickGrid grid(interval, base);
    check_none(grid.step(base + interval - 1));
    check_tick(grid.step(base + interval), base + interval);
}

TEST_CASE("a tick late by up to half an interval is taken, a later one is missed") {
    TickGrid grid(interval, base);
    check_tick(grid.step(base + interval + interval / 2), base + interval);
    check_none(grid.step(base + 2 * interval + interval / 2 + 1), 1);
    CHECK(grid.planned_ns() == base + 3 * interval);
    check_tick(grid.step(base + 3 * interval), base + 3 * interval);
}

TEST_CASE("several missed ticks are counted and not caught up") {
    TickGrid grid(interval, base);
    // Tick 1 was planned; at 4, ticks 1, 2 and 3 are missed.
    check_tick(grid.step(base + 4 * interval + 1), base + 4 * interval, 3);
    // Tick 5 is planned; late in 7, ticks 5, 6 and 7 are missed.
    check_none(grid.step(base + 7 * interval + 6 * one_second), 3);
    check_tick(grid.step(base + 8 * interval), base + 8 * interval);
}

TEST_CASE("a clock set back a little uses no time twice") {
    TickGrid grid(interval, base);
    check_tick(grid.step(base + interval + 1), base + interval);
    SUBCASE("within the tick just taken") {
        grid.clock_was_set(base + interval);
    }
    SUBCASE("before the tick just taken") {
        grid.clock_was_set(base + interval - one_second);
        check_none(grid.step(base + interval - one_second));
        check_none(grid.step(base + interval));
    }
    SUBCASE("detected by step(), without clock_was_set()") {
        check_none(grid.step(base + interval - one_second));
        check_none(grid.step(base + interval + one_second));
    }
    SUBCASE("by almost an interval") {
        grid.clock_was_set(base + 2);
        check_none(grid.step(base + interval));
    }
    CHECK(grid.planned_ns() == base + 2 * interval);
    check_tick(grid.step(base + 2 * interval), base + 2 * interval);
}

TEST_CASE("a clock set back far restarts the grid") {
    TickGrid grid(interval, base);
    check_tick(grid.step(base + interval), base + interval);
    const std::int64_t hour = 3600 * one_second;
    SUBCASE("reported by the timer") {
        grid.clock_was_set(base - hour + one_second);
    }
    SUBCASE("detected by step()") {
        check_none(grid.step(base - hour + one_second));
    }
    CHECK(grid.planned_ns() == base - hour + interval);
    check_tick(grid.step(base - hour + interval), base - hour + interval);
}

TEST_CASE("a clock set forward counts no tick as missed") {
    TickGrid grid(interval, base);
    const std::int64_t day = 86400 * one_second;
    grid.clock_was_set(base + day + one_second);
    check_none(grid.step(base + day + one_second));
    check_tick(grid.step(base + day + interval), base + day + interval);
}
