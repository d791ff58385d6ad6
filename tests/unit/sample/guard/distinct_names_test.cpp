#include "sample/guard/distinct_names.hpp"

#include <doctest/doctest.h>

using namespace std::string_view_literals;
using lxcmon::sample::DistinctNames;

TEST_CASE("as many different names as there is room for, and those for ever") {
    DistinctNames names(2);
    CHECK(names.admits("eth0"));
    CHECK(names.admits("eth0"));
    CHECK(names.admits("eth1"));
    CHECK_FALSE(names.admits("eth2"));
    CHECK_FALSE(names.admits("eth2"));
    CHECK(names.admits("eth0"));
    CHECK(names.admits("eth1"));
}

TEST_CASE("names are any bytes") {
    DistinctNames names(2);
    CHECK(names.admits("a\0b"sv));
    CHECK(names.admits("a"));
    CHECK_FALSE(names.admits("a\0c"sv));
    CHECK(names.admits("a\0b"sv));
}

TEST_CASE("no room at all") {
    DistinctNames names(0);
    CHECK_FALSE(names.admits(""));
}
