// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/clock_reading.hpp"

#include <doctest/doctest.h>

#include <ctime>
#include <initializer_list>
#include <string>

using namespace lxcmon::http;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::time_t noon = 1'795'867'200; // Sat, 28 Nov 2026 12:00:00 GMT

/// An answer of an exchange that began at noon, and `after` more, and took `took`.
Reply answered(const char* date, milliseconds after, milliseconds took = seconds(0)) {
    Reply reply;
    reply.date = date;
    reply.begun_at = std::chrono::system_clock::from_time_t(noon) + after;
    reply.ended_at = reply.begun_at + took;
    return reply;
}

} // namespace

TEST_CASE("a clock is compared with the Date of an answer, from the middle of the exchange") {
    const char* date = "Sat, 28 Nov 2026 12:00:00 GMT";
    CHECK(read_clock(answered(date, seconds(0)))->ahead.count() <= 0);
    CHECK_FALSE(read_clock(answered(date, seconds(0)))->is_off);
    CHECK(describe(*read_clock(answered(date, milliseconds(3'600'500)))) ==
          "the clock of this host is 3600 s ahead of the server's");
    CHECK(describe(*read_clock(answered(date, milliseconds(-3'599'500)))) ==
          "the clock of this host is 3600 s behind the server's");
    for (const auto after : {seconds(-59), seconds(60)})
        CHECK_FALSE(read_clock(answered(date, after))->is_off);
    for (const auto after : {seconds(-60), seconds(61)})
        CHECK(read_clock(answered(date, after))->is_off);
    const auto slow = read_clock(answered(date, seconds(50), seconds(23)));
    CHECK(slow->ahead == seconds(61));
    CHECK_FALSE(slow->is_off); // the answer may have been written at the beginning
    CHECK(read_clock(answered(date, seconds(61), seconds(22)))->is_off);
}

TEST_CASE(
    "a Date that is missing, absurd or no date says nothing, nor does a clock that was set back meanwhile") {
    for (const char* date :
         {"", "now", "0", "-1", "Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 31 Dec 2025 23:59:59 GMT",
          "Fri, 01 Jan 2100 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
          "Sat, 28 Nov 99999999999999999999 12:00:00 GMT"})
        CHECK_FALSE(read_clock(answered(date, seconds(0))));
    const std::string padded = "Sat, 28 Nov 2026 12:00:00 GMT" + std::string(64, ' ');
    CHECK_FALSE(read_clock(answered(padded.c_str(), seconds(0))));
    CHECK_FALSE(read_clock(answered("Sat, 28 Nov 2026 12:00:00 GMT", seconds(0), seconds(-1))));
}
