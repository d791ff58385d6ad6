// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/distinct_names.hpp"

#include <doctest/doctest.h>

using namespace std::string_view_literals;
using lxcmon::sample::DistinctNames;

TEST_CASE("the first names up to the limit stay admitted") {
    DistinctNames names(2);
    CHECK(names.admits("eth0"));
    CHECK(names.admits("eth0"));
    CHECK(names.admits("eth1"));
    CHECK_FALSE(names.admits("eth2"));
    CHECK_FALSE(names.admits("eth2"));
    CHECK(names.admits("eth0"));
    CHECK(names.admits("eth1"));
}

TEST_CASE("names may contain any bytes") {
    DistinctNames names(2);
    CHECK(names.admits("a\0b"sv));
    CHECK(names.admits("a"));
    CHECK_FALSE(names.admits("a\0c"sv));
    CHECK(names.admits("a\0b"sv));
}

TEST_CASE("a limit of 0 admits no name") {
    DistinctNames names(0);
    CHECK_FALSE(names.admits(""));
}
