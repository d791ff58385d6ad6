// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/tick_clock.hpp"

#include "io/clock.hpp"

#include <doctest/doctest.h>

using lxcmon::sample::TickClock;
using lxcmon::sample::TickTime;

namespace {

constexpr std::int64_t clock_second = 1'000'000'000;
constexpr std::int64_t clock_due = 1'700'000'000 * clock_second;
constexpr std::int64_t clock_interval = 10 * clock_second;

/// The timestamp, in ns after clock_due, of a reading made then.
std::int64_t stamp(TickClock& clock, std::int64_t after_ns) {
    const TickTime time = clock.at(clock_due + after_ns);
    CHECK(time.due_ns == clock.due_ns());
    return time.wall_ns - clock_due;
}

} // namespace

TEST_CASE("a reading has the tick's time until it is late, and then its own") {
    TickClock clock{std::chrono::seconds(1)};
    clock.begin(clock_due);
    CHECK(stamp(clock, 0) == 0);
    CHECK(stamp(clock, clock_second) == 0);
    CHECK(stamp(clock, clock_second + 1) == clock_second + 1);
    CHECK(stamp(clock, 9 * clock_second) == 9 * clock_second);
    // One that another thread made earlier.
    CHECK(stamp(clock, 5) == 0);
    clock.begin(clock_due + clock_interval);
    CHECK(stamp(clock, clock_interval + 3) == clock_interval);
}

TEST_CASE("a tick that follows an overlong one is not dated before its readings") {
    TickClock clock{std::chrono::seconds(1)};
    clock.begin(clock_due);
    CHECK(stamp(clock, clock_interval) == clock_interval);
    CHECK(stamp(clock, clock_interval + 5) == clock_interval + 5);
    clock.begin(clock_due + clock_interval);
    CHECK(stamp(clock, clock_interval + 7) == clock_interval + 7);
    CHECK(stamp(clock, clock_interval + 9) == clock_interval + 9);
    clock.begin(clock_due + 2 * clock_interval);
    CHECK(stamp(clock, 2 * clock_interval + 1) == 2 * clock_interval);
}

TEST_CASE("a wall clock that is set back takes the timestamps with it") {
    TickClock clock{std::chrono::seconds(1)};
    clock.begin(clock_due + 360 * clock_interval);
    CHECK(stamp(clock, 360 * clock_interval + 2 * clock_second) == 360 * clock_interval + 2 * clock_second);
    CHECK(stamp(clock, 1) == 360 * clock_interval); // set back within the tick
    for (int tick = 1; tick <= 2; ++tick) {
        clock.begin(clock_due + tick * clock_interval);
        CHECK(stamp(clock, tick * clock_interval + 1) == tick * clock_interval);
    }
}

TEST_CASE("without a limit each reading has the tick's time, also a time that comes twice") {
    TickClock clock{TickClock::never};
    for (int tick = 0; tick < 2; ++tick) {
        clock.begin(clock_due);
        CHECK(stamp(clock, 360 * clock_interval) == 0);
        CHECK(clock.now().wall_ns == clock_due);
    }
}

TEST_CASE("a reading that is made now, on the kernel's clocks") {
    TickClock clock{std::chrono::seconds(1)};
    const std::int64_t boot_ns = lxcmon::io::now_ns(CLOCK_BOOTTIME);
    const std::int64_t wall_ns = lxcmon::io::now_ns(CLOCK_REALTIME);
    clock.begin(wall_ns + 3600 * clock_second); // it can't be late
    const TickTime early = clock.now();
    CHECK(early.wall_ns == clock.due_ns());
    CHECK(early.boottime_ns >= boot_ns);
    clock.begin(wall_ns - 5 * clock_second);
    const TickTime late = clock.now();
    CHECK(late.wall_ns >= wall_ns);
    CHECK(late.wall_ns <= lxcmon::io::now_ns(CLOCK_REALTIME));
    CHECK(late.boottime_ns >= early.boottime_ns);
    CHECK(late.boottime_ns <= lxcmon::io::now_ns(CLOCK_BOOTTIME));
}
