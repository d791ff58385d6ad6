// SPDX-License-Identifier: GPL-2.0-or-later
// The Date of a server's answers against the clock of this host.
#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "support/log_capture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
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

TEST_CASE_FIXTURE(ClockFixture, "a difference of the clocks is logged once, and once when it ends") {
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
    std::string said;
    for (int answers = 0; answers < 20; ++answers)
        said += log_of(client, 204, date_ahead(0));
    CHECK(said == "info " + server.url() + ": the clock of this host and the server's agree again\n");
    CHECK(log_of(client, 503, date_ahead(-hour)).find(" s ahead of the server's: ") != std::string::npos);
}

TEST_CASE_FIXTURE(ClockFixture, "a server without a plausible Date says nothing of the clock") {
    Client client(settings());
    for (const char* date : {"", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"})
        CHECK(log_of(client, 204, date).empty());
}

TEST_CASE_FIXTURE(ClockFixture, "the check: a clock that is off fails, and no point is written with it") {
    Settings chosen = settings();
    chosen.probe_point = "m v=1i 1\n";
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
