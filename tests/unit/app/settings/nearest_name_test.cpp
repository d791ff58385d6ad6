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
    CHECK(nearest("list") == "");
    CHECK(nearest("influx-user") == "");
    CHECK(nearest(std::string(100'000, 'x')) == "");
    CHECK(nearest_name("host", {}) == "");
}

TEST_CASE("a part of one name only is that name") {
    CHECK(nearest("influx-o") == "influx-org");
    CHECK(nearest("url") == "influx-url");
    CHECK(nearest("org") == "influx-org");
    CHECK(nearest("rl") == ""); // no whole word
    CHECK(nearest("log") == "");
    CHECK(nearest("keep") == "");
    constexpr auto influx =
        std::to_array<std::string_view>({"influx-mode", "influx-token-file", "influx-db"});
    CHECK(nearest_name("influx-token", influx) == "influx-token-file");
    CHECK(nearest_name("token", influx) == "influx-token-file");
    CHECK(nearest_name("influx", influx) == "");
}

TEST_CASE("a name that is a shorter form of the typed text") {
    constexpr auto influx = std::to_array<std::string_view>({"influx-mode", "influx-db", "influx-rp"});
    CHECK(nearest_name("influx-database", influx) == "influx-db");
    CHECK(nearest_name("influx-retention-policy", influx) == "influx-rp");
    CHECK(nearest("hostname") == "host");
    CHECK(nearest("interval-of-time") == "interval");
    CHECK(nearest("tag-names") == "");
}

TEST_CASE("leading dashes do not count") {
    CHECK(nearest("--interval") == "interval");
    CHECK(nearest("--url") == "influx-url");
    CHECK(nearest("--") == "");
}

TEST_CASE("a third of a long name may be wrong, and one character of a short one") {
    CHECK(nearest("influxdb-uri") == "influx-url"); // 3 of 12
    CHECK(nearest("intervxyz") == "interval");      // 3 of 9
    CHECK(nearest("intexxyzal") == "");             // 4 of 10
    CHECK(nearest("hoxt") == "host");
    CHECK(nearest("hoxy") == "");
    CHECK(nearest("influx-xyz") == ""); // the common "influx-" does not count
}

TEST_CASE("of equally near names the longest common beginning decides, then the alphabet") {
    constexpr auto names_of_letters = std::to_array<std::string_view>({"abxd", "axcd"});
    CHECK(nearest_name("abcd", names_of_letters) == "abxd");
    constexpr auto forwards = std::to_array<std::string_view>({"aab", "aac"});
    constexpr auto backwards = std::to_array<std::string_view>({"aac", "aab"});
    CHECK(nearest_name("aaa", forwards) == "aab");
    CHECK(nearest_name("aaa", backwards) == "aab");
}

TEST_CASE("the text for a message") {
    CHECK(did_you_mean("influx-ulr", names) == " (did you mean influx-url?)");
    CHECK(did_you_mean("else", names) == "");
}
