// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/backoff.hpp"

#include <doctest/doctest.h>

using namespace lxcmon::deliver;
using std::chrono::milliseconds;

TEST_CASE("backoff doubles up to its maximum, and subtracts up to half") {
    double random = 1.0;
    Backoff backoff(milliseconds(1000), milliseconds(60'000), [&] { return random; });
    for (const int expected : {1000, 2000, 4000, 8000, 16'000, 32'000, 60'000, 60'000})
        CHECK(backoff.next() == milliseconds(expected));
    random = 0.0;
    CHECK(backoff.next() == milliseconds(30'000));
    backoff.reset();
    CHECK(backoff.next() == milliseconds(500));
    random = 0.5;
    CHECK(backoff.next() == milliseconds(1500));
}

TEST_CASE("the system's random numbers stay within the wait") {
    Backoff backoff;
    const auto first = backoff.next();
    CHECK(first >= milliseconds(500));
    CHECK(first <= milliseconds(1000));
}
