// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/encoded.hpp"
#include "support/log_capture.hpp"

#include "discover/container_entry.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <vector>

using namespace lxcmon::discover;
using lxcmon::test::Child;
using lxcmon::test::LogCapture;

TEST_CASE("a container that is not answered is asked less and less often, up to once in 32 s") {
    constexpr std::int64_t msec = 1'000'000;
    ContainerEntry entry(1, "/lxc", "web");
    std::vector<std::int64_t> asked_msec;
    for (std::int64_t now = 0; now < 150'000; now += 100) {
        if (!entry.must_ask(0, now * msec))
            continue;
        asked_msec.push_back(now);
        LxcAnswer answer;
        answer.trouble = LxcTrouble::broken;
        answer.fault = "it hangs";
        CHECK_FALSE(entry.take(std::move(answer), now * msec));
    }
    CHECK(asked_msec ==
          std::vector<std::int64_t>{0, 500, 1'500, 3'500, 7'500, 15'500, 31'500, 63'500, 95'500, 127'500});
}

TEST_CASE("a user's socket that comes and goes ends no pause, and the user's messages are bounded") {
    constexpr std::int64_t sec = 1'000'000'000;
    LogCapture log;
    LogAllowance allowance(1234);
    int asked = 0;
    std::list<ContainerEntry> entries;
    for (int number = 0; number < 30; ++number)
        entries.emplace_back(1, "/lxc", "c" + std::to_string(number)).allowance = &allowance;
    for (int second = 1; second <= 30; ++second)
        for (ContainerEntry& entry : entries)
            if (entry.must_ask(static_cast<std::uint64_t>(second % 2), second * sec)) {
                LxcAnswer answer;
                answer.trouble = LxcTrouble::fault;
                answer.fault = "line " + std::to_string(second);
                CHECK_FALSE(entry.take(std::move(answer), second * sec));
                ++asked;
            }
    CHECK(asked == 30);
    const std::string said = log.take();
    CHECK(lxcmon::test::count_of(said, "it is skipped until this is fixed") == 20);
    CHECK(lxcmon::test::count_of(said, "more messages about the containers of uid 1234") == 1);
    CHECK_FALSE(allowance.take(600 * sec));
    CHECK(allowance.take(601 * sec));
}

TEST_CASE("a state that comes and goes is logged once in 10 minutes, and one that lasts") {
    constexpr std::int64_t sec = 1'000'000'000;
    LogCapture log;
    ContainerEntry entry(1, "/lxc", "web");
    std::uint64_t listener = 0;
    const auto answer_at = [&](std::int64_t second, const std::string& fault) {
        REQUIRE(entry.must_ask(++listener, second * sec)); // a new one each time
        LxcAnswer answer;
        answer.trouble = fault.empty() ? LxcTrouble::none : LxcTrouble::fault;
        answer.fault = fault;
        answer.state = "STOPPED";
        CHECK_FALSE(entry.take(std::move(answer), second * sec));
    };
    for (std::int64_t second = 1; second < 300; second += 2) {
        answer_at(second, "it hangs");
        answer_at(second + 1, "");
    }
    std::string said = log.take();
    CHECK(lxcmon::test::count_of(said, "it hangs; it is skipped") == 1);
    CHECK(lxcmon::test::count_of(said, "its state is known again") == 1);
    answer_at(300, "it lasts");
    answer_at(600, "it lasts");
    CHECK(log.take().empty());
    answer_at(602, "it lasts");
    answer_at(603, "it lasts");
    answer_at(604, "");
    said = log.take();
    CHECK(lxcmon::test::count_of(said, "it lasts; it is skipped") == 1);
    CHECK(lxcmon::test::count_of(said, "its state is known again") == 1);
}

TEST_CASE("a container's state is not known from a question until its answer") {
    ContainerEntry entry(1, "/lxc", "web");
    const auto ask = [&](std::uint64_t listener) {
        REQUIRE(entry.must_ask(listener, 1));
        CHECK_FALSE(entry.known);
        LxcAnswer answer;
        answer.state = "STOPPED";
        CHECK_FALSE(entry.take(std::move(answer), 1));
        CHECK(entry.known);
    };
    ask(0);
    CHECK_FALSE(entry.must_ask(0, 2)); // stopped, as before
    ask(7);                            // it starts
}

TEST_CASE("an init that ended while it was checked is none: the checked pid may be another process's") {
    ContainerEntry entry(1, "/lxc", "web");
    Child init;
    const auto take = [&] {
        REQUIRE(entry.must_ask(7, 1));
        LxcAnswer answer;
        answer.state = "RUNNING";
        answer.init_pid = init.pid();
        return entry.take(std::move(answer), 1);
    };
    REQUIRE(take());
    CHECK(entry.take_init({}, 1));
    CHECK(entry.container.init_pid == init.pid());
    entry.ended = true;
    REQUIRE(take());
    init.end();
    CHECK_FALSE(entry.take_init({}, 1));
    CHECK(entry.container.init_pid == 0);
    CHECK_FALSE(entry.known);
}

TEST_CASE("what liblxc refuses is asked again after 32 s, or when a monitor's socket comes or goes") {
    constexpr std::int64_t longest_ns = 32'000'000'000;
    ContainerEntry entry(1, "/lxc", "web");
    const auto refuse = [&](std::uint64_t listener, std::int64_t now_ns) {
        REQUIRE(entry.must_ask(listener, now_ns));
        LxcAnswer answer;
        answer.trouble = LxcTrouble::fault;
        answer.fault = "it has no configuration";
        CHECK_FALSE(entry.take(std::move(answer), now_ns));
    };
    refuse(0, 0);
    CHECK_FALSE(entry.must_ask(0, longest_ns - 1));
    refuse(0, longest_ns);
    refuse(7, longest_ns + 1);
    CHECK_FALSE(entry.must_ask(7, 2 * longest_ns));
    refuse(0, longest_ns + 2);
}
