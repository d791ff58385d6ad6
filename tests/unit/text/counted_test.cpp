// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/counted.hpp"

#include <doctest/doctest.h>

using lxcmon::text::counted;

TEST_CASE("a count and its noun") {
    CHECK(counted(0, "line") == "0 lines");
    CHECK(counted(1, "line") == "1 line");
    CHECK(counted(2, "line") == "2 lines");
    CHECK(counted(1, "failed try", "failed tries") == "1 failed try");
    CHECK(counted(3, "failed try", "failed tries") == "3 failed tries");
}
