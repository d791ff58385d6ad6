// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/tick_timer.hpp"

#include "io/clock.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <vector>

using namespace lxcmon::io;

namespace {

constexpr std::int64_t msec = 1'000'000;

bool readable(int fd, int timeout_ms) {
    pollfd wait{fd, POLLIN, 0};
    return ::poll(&wait, 1, timeout_ms) == 1;
}

} // namespace

TEST_CASE("a tick timer fires at multiples of its interval") {
    constexpr std::int64_t tenth_second = 100 * msec;
    TickTimer timer(tenth_second);
    const std::int64_t start = now_ns(CLOCK_REALTIME);
    std::vector<std::int64_t> ticks;
    // On a busy machine a tick may be missed: wait for two.
    while (ticks.size() < 2 && now_ns(CLOCK_REALTIME) < start + 10'000 * msec) {
        REQUIRE(readable(timer.fd(), 5000));
        const TickGrid::Step step = timer.expired();
        const std::int64_t now = now_ns(CLOCK_REALTIME);
        if (step.tick_ns) {
            CHECK(*step.tick_ns <= now);
            ticks.push_back(*step.tick_ns);
        }
    }
    REQUIRE(ticks.size() == 2);
    CHECK(ticks[0] > start - tenth_second);
    CHECK(ticks[1] > ticks[0]);
    for (const std::int64_t tick : ticks)
        CHECK(tick % tenth_second == 0);
}

TEST_CASE("a tick timer is not readable before its tick, also after expired()") {
    constexpr std::int64_t day = 86'400'000 * msec;
    TickTimer timer(day);
    CHECK_FALSE(readable(timer.fd(), 0));
    const TickGrid::Step early = timer.expired();
    CHECK_FALSE(early.tick_ns);
    CHECK(early.missed == 0);
    CHECK_FALSE(readable(timer.fd(), 0));
}
