// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/log_capture.hpp"
#include "support/stuck_worker.hpp"
#include "support/temp_tree.hpp"

#include "discover/container_table.hpp"
#include "discover/lxc_clients.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace lxcmon::discover;
using lxcmon::test::Child;
using lxcmon::test::LogCapture;
using lxcmon::test::TempTree;
using lxcmon::test::TracerOf;

// The order of questions, and what follows a process that does not answer.
namespace {

using ClientClock = std::chrono::steady_clock;

/// A question with this number is never answered.
constexpr std::uint64_t hangs = 99;

void answer_numbers(int socket) {
    std::array<char, 4096> message{};
    ssize_t length = 0;
    while ((length = ::recv(socket, message.data(), message.size(), 0)) > 0) {
        const auto question = decode_question({message.data(), static_cast<std::size_t>(length)});
        if (!question || question->number == hangs)
            for (;;)
                ::pause();
        LxcAnswer answer;
        answer.number = question->number;
        const std::string text = std::string(1, last_piece) + encode(answer);
        static_cast<void>(::send(socket, text.data(), text.size(), MSG_NOSIGNAL));
    }
}

void ask(LxcClient& client, std::uint64_t number, LxcUrgency urgency = LxcUrgency::normal) {
    LxcQuestion question;
    question.number = number;
    client.ask(question, urgency);
}

LxcAnswer next_answer(LxcClient& client) {
    for (;;) {
        if (auto answer = client.step())
            return std::move(*answer);
        REQUIRE(client.is_busy());
        std::this_thread::sleep_until(
            std::min(client.due(), ClientClock::now() + std::chrono::milliseconds(1)));
    }
}

/// Asks for a list twice, in a process that can't fork. Repeats it if the machine was so busy that the pause
/// may have passed.
bool pauses_after_a_broken_list(const std::string& lxcpath) {
    if (!lxcmon::test::refuse_fork())
        return false;
    for (int attempt = 0; attempt < 100; ++attempt) {
        const auto begin = ClientClock::now();
        ContainerTable table(DiscoverSettings{{lxcpath}, {}, {}});
        table.refresh();
        const auto first = table.faults();
        table.refresh();
        // The second attempt to fork within a second would fail without a call of fork().
        if (ClientClock::now() - begin < std::chrono::milliseconds(400))
            return first.contains(lxcpath) && first.at(lxcpath).find("fork: ") != std::string::npos &&
                   table.faults() == first;
    }
    return false;
}

/// In a mount namespace of its own, with another /etc/lxc.
bool follows_lxc_conf() {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("test", "/etc/lxc", "tmpfs", 0, nullptr) != 0)
        return false;
    LxcClients clients({std::chrono::seconds(20), {}, {}});
    const auto answer_to = [&](LxcAsk what) {
        LxcQuestion question;
        question.ask = what;
        question.lxcpath = "/etc/lxc";
        clients.ask({}, question, LxcUrgency::normal);
        return clients.next(ClientClock::now() + std::chrono::seconds(60));
    };
    for (const std::string lxcpath : {"/srv/one", "/srv/two"}) {
        std::ofstream("/etc/lxc/lxc.conf") << "lxc.lxcpath = " << lxcpath << "\n";
        const auto defaults = answer_to(LxcAsk::defaults);
        if (!defaults || defaults->paths.empty() || defaults->paths.front() != lxcpath)
            return false;
        static_cast<void>(answer_to(LxcAsk::owner)); // the process goes on
    }
    return true;
}

} // namespace

TEST_CASE("a change of lxc.conf is seen, also by a process that is never idle" *
          doctest::test_suite("needs root")) {
    CHECK_NOTHROW(Child(0, &follows_lxc_conf));
}

TEST_CASE("questions are asked in the order of their urgency") {
    LxcClient client(&answer_numbers, "test-order", std::chrono::seconds(20));
    ask(client, 1);
    ask(client, 2, LxcUrgency::last);
    ask(client, 3);
    ask(client, 4, LxcUrgency::next);
    ask(client, 5, LxcUrgency::last);
    std::vector<std::uint64_t> order;
    while (client.is_busy())
        order.push_back(next_answer(client).number);
    CHECK(order == std::vector<std::uint64_t>{4, 1, 3, 2, 5});
}

TEST_CASE("questions that wait for ten deadlines are overdue") {
    constexpr std::chrono::milliseconds deadline{20};
    LxcClient client(&answer_numbers, "test-overdue", deadline);
    const auto begin = ClientClock::now();
    bool was_overdue = false;
    for (ask(client, hangs), ask(client, hangs); !was_overdue; was_overdue = client.overdue() != 0) {
        if (next_answer(client).trouble == LxcTrouble::broken)
            ask(client, hangs);
    }
    CHECK(ClientClock::now() - begin > 10 * deadline);
    while (client.is_busy())
        static_cast<void>(next_answer(client));
    CHECK(client.overdue() == 0);
    ask(client, 1); // after a time without questions
    CHECK(client.overdue() == 0);
}

TEST_CASE("a list that broke is asked for again after a pause") {
    const TempTree tree;
    const LogCapture log;
    CHECK_NOTHROW(Child(0, [&] { return pauses_after_a_broken_list(tree.path()); }));
}

TEST_CASE("no process follows one that can't be ended, until it has been reaped" *
          doctest::test_suite("needs root")) {
    LxcClient client(&answer_numbers, "test-stuck", std::chrono::milliseconds(100));
    ask(client, 1);
    REQUIRE(next_answer(client).trouble == LxcTrouble::none);
    ask(client, hangs);
    {
        const TracerOf held({client.pid()});
        REQUIRE(next_answer(client).trouble == LxcTrouble::broken);
        ask(client, 2);
        const LxcAnswer answer = next_answer(client);
        CHECK(answer.trouble == LxcTrouble::broken);
        CHECK(answer.fault.find("can't be ended") != std::string::npos);
        CHECK(client.pid() == -1);
    }
    CHECK(lxcmon::test::all_reaped());
    ask(client, 3);
    CHECK(next_answer(client).trouble == LxcTrouble::none);
}
