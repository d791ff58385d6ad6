// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/clock_reading.hpp"

#include <curl/curl.h>

#include <ctime>

namespace lxcmon::http {

namespace {

using WallClock = std::chrono::system_clock;

constexpr std::time_t earliest_date = 1'767'225'600; // 2026-01-01
constexpr std::time_t latest_date = 4'102'444'799;   // 2099-12-31
constexpr std::size_t longest_date_bytes = 64;       // RFC 9110: 29

} // namespace

std::optional<ClockReading> read_clock(const Reply& reply) {
    if (reply.date.empty() || reply.date.size() > longest_date_bytes || reply.ended_at < reply.begun_at)
        return std::nullopt;
    const std::time_t date = curl_getdate(reply.date.c_str(), nullptr);
    if (date < earliest_date || date > latest_date)
        return std::nullopt;
    const auto half = (reply.ended_at - reply.begun_at) / 2;
    // A Date has no fraction of its second.
    const auto ahead = reply.begun_at + half - WallClock::from_time_t(date) - std::chrono::milliseconds(500);
    return ClockReading{std::chrono::round<std::chrono::seconds>(ahead),
                        std::chrono::abs(ahead) > half + most_clock_difference};
}

std::string describe(const ClockReading& clock) {
    return "the clock of this host is " + std::to_string(std::chrono::abs(clock.ahead).count()) + " s " +
           (clock.ahead.count() < 0 ? "behind" : "ahead of") + " the server's";
}

} // namespace lxcmon::http
