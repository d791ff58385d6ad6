// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/guard/series_names.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace std::string_view_literals;
using lxcmon::sample::Admission;
using lxcmon::sample::SeriesNames;

namespace {

constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::int64_t hour_ns = 60 * minute_ns;

/// Scans of a single name each.
struct OneByOne {
    SeriesNames names;
    std::int64_t now_ns = 1000 * hour_ns;

    Admission admit(std::string_view name) {
        names.begin_scan(now_ns);
        return names.admit(name);
    }
    bool admits(std::string_view name) { return admit(name) == Admission::admitted; }
    /// Number of admitted names of `count` new ones.
    std::size_t churn(std::size_t count) {
        std::size_t admitted = 0;
        for (std::size_t made = 0; made < count; ++made)
            admitted += admits("n" + std::to_string(++last)) ? 1U : 0U;
        return admitted;
    }
    std::size_t last = 0;
};

} // namespace

TEST_CASE("the first names up to the limit stay admitted") {
    OneByOne one{SeriesNames(2)};
    CHECK(one.admits("eth0"));
    CHECK(one.admits("eth0"));
    CHECK(one.admits("eth1"));
    CHECK(one.admit("eth2") == Admission::too_many);
    CHECK(one.admit("eth2") == Admission::too_many);
    CHECK(one.admits("eth0"));
    CHECK(one.admits("eth1"));
    CHECK(one.names.holds("eth1"));
    CHECK_FALSE(one.names.holds("eth2"));
}

TEST_CASE("names may contain any bytes") {
    OneByOne one{SeriesNames(2)};
    CHECK(one.admits("a\0b"sv));
    CHECK(one.admits("a"));
    CHECK_FALSE(one.admits("a\0c"sv));
    CHECK(one.admits("a\0b"sv));
    CHECK(one.names.text_bytes() == 4);
}

TEST_CASE("a limit of 0 admits no name") {
    OneByOne one{SeriesNames(0)};
    CHECK(one.admit("") == Admission::too_many);
}

TEST_CASE("a name is admitted once in a scan") {
    SeriesNames names(10);
    for (int scan = 1; scan <= 2; ++scan) {
        names.begin_scan(scan);
        CHECK(names.admit("a_") == Admission::admitted);
        CHECK(names.admit("a_") == Admission::same_name);
        CHECK(names.admit("b") == Admission::admitted);
        CHECK(names.newly_same_name() == (scan == 1));
    }
}

TEST_CASE("a name that is unused for an hour gives its place to a new one") {
    OneByOne one{SeriesNames(24)}; // in a day: one an hour
    CHECK(one.churn(24) == 24);
    one.now_ns += hour_ns - 1;
    CHECK(one.admits("n1"));
    CHECK(one.churn(1) == 0);
    one.now_ns += 1;
    CHECK_FALSE(one.admits("tailscale0")); // the search for unused names pauses for a minute
    one.now_ns += minute_ns;
    CHECK(one.admits("tailscale0"));
    CHECK(one.names.holds("n1"));
    CHECK_FALSE(one.names.holds("n2"));
}

TEST_CASE("names in use keep their place if scans are more than an hour apart") {
    SeriesNames names(2);
    for (int scan = 1; scan <= 3; ++scan) {
        names.begin_scan(scan * 2 * hour_ns);
        if (scan > 1)
            CHECK(names.admit("new" + std::to_string(scan)) == Admission::too_many); // listed first
        CHECK(names.admit("/") == Admission::admitted);
        CHECK(names.admit("/home") == Admission::admitted);
    }
}

TEST_CASE("known names keep their place while no other name needs it") {
    OneByOne one{SeriesNames(3)};
    CHECK(one.admits("nightly"));
    one.now_ns += 1000 * hour_ns;
    CHECK(one.admits("eth0"));
    CHECK(one.names.holds("nightly"));
}

TEST_CASE("a container that makes new names all the time gets twice the limit of them in a day") {
    OneByOne one{SeriesNames{}};
    std::size_t admitted = one.churn(1500);
    CHECK(admitted == 512);
    for (int elapsed = 0; elapsed < 24 * 60; ++elapsed) {
        one.now_ns += minute_ns;
        admitted += one.churn(3);
        CHECK(one.names.size() <= 512);
    }
    CHECK(admitted <= 1024);
    CHECK(admitted > 900);
}

TEST_CASE("an interface that stays gets in soon, though others are new at each tick") {
    OneByOne one{SeriesNames{}};
    CHECK(one.churn(1500) == 512);
    bool is_in = false;
    std::int64_t waited_ns = 0;
    for (; !is_in && waited_ns < 2 * hour_ns; waited_ns += minute_ns) {
        one.now_ns += minute_ns;
        is_in = one.admits("tailscale0"); // interfaces are listed by index: it comes first
        one.churn(2);
    }
    CHECK(is_in);
    CHECK(waited_ns <= hour_ns + 3 * minute_ns);
}

TEST_CASE("too many names are logged when that begins, and again after an hour without") {
    OneByOne one{SeriesNames(1)};
    CHECK(one.churn(1) == 1);
    CHECK_FALSE(one.names.newly_too_many());
    for (int round = 0; round < 200; ++round) {
        one.now_ns += minute_ns;
        CHECK(one.admits("n1"));
        CHECK(one.churn(1) == 0);
        CHECK(one.names.newly_too_many() == (round == 0));
    }
    one.now_ns += hour_ns;
    CHECK(one.admits("n1"));
    CHECK(one.churn(1) == 0);
    CHECK(one.names.newly_too_many());
}

TEST_CASE("forgotten names need a new place, within the limit of the day") {
    OneByOne one{SeriesNames(3)};
    CHECK(one.churn(3) == 3);
    one.names.forget_names();
    CHECK(one.names.size() == 0);
    CHECK_FALSE(one.admits("n1"));
    one.now_ns += 8 * hour_ns;
    CHECK(one.admits("n1"));
    CHECK_FALSE(one.admits("n2"));
}

TEST_CASE("a clock that falls changes nothing") {
    OneByOne one{SeriesNames(2)};
    CHECK(one.admits("a"));
    one.now_ns -= 500 * hour_ns;
    CHECK(one.admits("b"));
    CHECK_FALSE(one.admits("c"));
    CHECK(one.admits("a"));
}
