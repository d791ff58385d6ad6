// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/nearest_name.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace lxcmon::app;

namespace {

constexpr auto names = std::to_array<std::string_view>(
    {"influx-url", "influx-org", "interval", "tag", "host", "no-host", "log-level", "log-keep", "json-keep"});

std::string_view nearest(std::string_view typed) {
    return nearest_name(typed, names);
}

} // namespace

TEST_CASE("the nearest name has the fewest typing errors") {
    CHECK(nearest("influx-ulr") == "influx-url"); // swapped
    CHECK(nearest("influx_url") == "influx-url"); // another
    CHECK(nearest("intervall") == "interval");    // more
    CHECK(nearest("intrval") == "interval");      // less
    CHECK(nearest("nohost") == "no-host");
    CHECK(nearest("hsot") == "host");
    CHECK(nearest("tags") == "tag");
    CHECK(nearest("host") == "host");
}

TEST_CASE("a name that is not near is not suggested") {
    CHECK(nearest("") == "");
    CHECK(nearest("x") == "");
    CHECK(nearest("xy") == "");
    CHECK(nearest("password") == "");
    CHECK(nearest("influx-password-file") == "");
    CHECK(nearest("interval-of-time") == "");
    CHECK(nearest(std::string(100'000, 'x')) == "");
    CHECK(nearest_name("host", {}) == "");
}

TEST_CASE("a third of a long name may be wrong, and two characters of a short one") {
    CHECK(nearest("influxdb-uri") == "influx-url"); // 3 of 12
    CHECK(nearest("intervxyz") == "interval");      // 3 of 9
    CHECK(nearest("intexxyzal") == "");             // 4 of 10
    CHECK(nearest("hoxy") == "host");
    CHECK(nearest("hxyz") == "");
}

TEST_CASE("of equally near names the first in alphabetical order is used") {
    constexpr auto forwards = std::to_array<std::string_view>({"aab", "aac"});
    constexpr auto backwards = std::to_array<std::string_view>({"aac", "aab"});
    CHECK(nearest_name("aaa", forwards) == "aab");
    CHECK(nearest_name("aaa", backwards) == "aab");
}

TEST_CASE("the text for a message") {
    CHECK(did_you_mean("influx-ulr", names) == " (did you mean influx-url?)");
    CHECK(did_you_mean("else", names) == "");
}
