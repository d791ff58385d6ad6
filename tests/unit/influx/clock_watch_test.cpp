// SPDX-License-Identifier: GPL-2.0-or-later
// The Date of a server's answers against the clock of this host.
#include "influx/client.hpp"
#include "influx/clock_watch.hpp"
#include "support/fake_http_server.hpp"
#include "support/log_capture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <string>
#include <tuple>

using namespace lxcmon;
using namespace lxcmon::influx;
using test::FakeHttpServer;
using test::HttpAnswer;
using test::LogCapture;

namespace {

constexpr std::time_t hour = 3600;

/// As a server writes it whose clock is ahead by so many seconds.
std::string date_ahead(std::time_t seconds) {
    const std::time_t moment = std::time(nullptr) + seconds;
    std::tm parts{};
    ::gmtime_r(&moment, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

http::Reply reply_dated(std::time_t seconds_ahead) {
    http::Reply reply;
    reply.status = 204;
    reply.date = date_ahead(seconds_ahead);
    reply.begun_at = reply.ended_at = std::chrono::system_clock::now();
    return reply;
}

struct ClockFixture {
    LogCapture log;
    FakeHttpServer server;

    [[nodiscard]] Settings settings() const {
        Settings settings;
        settings.url = server.url();
        settings.api = Api::v1;
        settings.gzip = false;
        return settings;
    }
    [[nodiscard]] std::string log_of(Client& client, int status, const std::string& date) {
        server.script({status, "", {{"Date", date}}});
        static_cast<void>(client.send("m v=1 1\n"));
        return log.take();
    }
};

} // namespace

TEST_CASE_FIXTURE(ClockFixture, "a difference of the clocks is logged once") {
    Client client(settings());
    CHECK(log_of(client, 204, date_ahead(0)).empty());
    const std::string warned = log_of(client, 204, date_ahead(hour));
    CHECK(warned.starts_with("warning " + server.url() + ": the clock of this host is 3"));
    CHECK(warned.find(" s behind the server's: ") != std::string::npos);
    CHECK(log_of(client, 204, date_ahead(hour)).empty());
    CHECK(log_of(client, 503, date_ahead(-hour)).empty());
    // One of two servers behind this address is right.
    for (const std::time_t ahead : {std::time_t{0}, hour, std::time_t{0}, hour})
        CHECK(log_of(client, 204, date_ahead(ahead)).empty());
}

TEST_CASE("the clocks agree again after 10 minutes without a bad answer, however many good ones there are") {
    LogCapture log;
    ClockWatch watch("it");
    ClockWatch::Clock::time_point now;
    // An answer of 11 is of a server with a wrong clock.
    for (int answer = 0; answer < 11 * 600; ++answer, now += std::chrono::milliseconds(200))
        watch.answered(reply_dated(answer % 11 == 10 ? hour : 0), now);
    const std::string warned = log.take();
    CHECK(warned.starts_with("warning it: the clock of this host is 3"));
    CHECK(std::ranges::count(warned, '\n') == 1);
    watch.answered(reply_dated(hour), now);
    watch.answered(reply_dated(0), now + std::chrono::minutes(10) - std::chrono::seconds(1));
    CHECK(log.take().empty());
    watch.answered(reply_dated(0), now + std::chrono::minutes(10));
    CHECK(log.take() == "info it: the clock of this host and the server's agree again\n");
    watch.answered(reply_dated(-hour), now + std::chrono::minutes(10));
    CHECK(log.take().find(" s ahead of the server's: ") != std::string::npos);
}

TEST_CASE_FIXTURE(ClockFixture, "a server without a plausible Date says nothing of the clock") {
    Client client(settings());
    for (const char* date : {"", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"})
        CHECK(log_of(client, 204, date).empty());
}

TEST_CASE_FIXTURE(ClockFixture, "the check: a clock that is off fails, and no point is written with it") {
    Settings chosen = settings();
    chosen.probe_points = "m v=1i 1\n";
    for (const auto& [date, is_shown, good] : {std::tuple{date_ahead(0), true, true},
                                               {date_ahead(hour), true, false},
                                               {std::string("yesterday"), false, true}}) {
        const std::size_t before = server.requests().size();
        server.script({204, "", {{"Date", date_ahead(hour)}}}); // of /ping: a cache may have answered
        server.script({204, "", {{"Date", date}}});
        const auto findings = Client(chosen).probe();
        const auto clock = std::ranges::find(findings, "clock", &Finding::what);
        REQUIRE((clock != findings.end()) == is_shown);
        CHECK(std::ranges::all_of(findings, &Finding::ok) == good);
        CHECK(server.requests().size() == before + (good ? 3 : 2));
        if (!good) {
            CHECK_FALSE(clock->ok);
            CHECK(clock->message.find(" s behind the server's: synchronize both") != std::string::npos);
        }
    }
}
