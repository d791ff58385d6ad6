// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/same_kind.hpp"

#include <doctest/doctest.h>

using lxcmon::text::same_kind;

TEST_CASE("messages are of one kind if only their numbers differ") {
    CHECK(same_kind("", ""));
    CHECK(same_kind("full", "full"));
    CHECK(same_kind("/spool/000000000009.jsonl: full", "/spool/000000000010.jsonl: full"));
    CHECK(same_kind("9 of 100 bytes", "10 of 7 bytes"));
    CHECK(same_kind("line 9", "line 10"));
    CHECK_FALSE(same_kind("", "full"));
    CHECK_FALSE(same_kind("full", ""));
    CHECK_FALSE(same_kind("full", "full 1"));
    CHECK_FALSE(same_kind("1 full", "full"));
    CHECK_FALSE(same_kind("full1", "full"));
    CHECK_FALSE(same_kind("1", "a"));
    CHECK_FALSE(same_kind("a", "1"));
    CHECK_FALSE(same_kind("1.jsonl: full", "2.jsonl: read-only"));
}
