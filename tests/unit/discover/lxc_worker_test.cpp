// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/temp_tree.hpp"

#include "discover/init_check.hpp"
#include "discover/lxc_clients.hpp"
#include "discover/lxc_worker.hpp"
#include "discover/lxcpath_owner.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace lxcmon::discover;
using lxcmon::test::TempTree;

TEST_CASE("a process that hangs, crashes or answers nonsense is replaced, and its question is answered") {
    using Clock = std::chrono::steady_clock;
    const auto answer_of = [](const LxcClient::Worker& worker, int deadline_msec = 30'000) {
        LxcClient client(worker, "lxcmon-test", std::chrono::milliseconds(deadline_msec));
        std::vector<LxcAnswer> answers;
        for (std::uint64_t number = 1; number <= 2; ++number) {
            LxcQuestion question;
            question.number = number;
            client.ask(question, LxcUrgency::normal);
        }
        while (client.is_busy())
            if (auto answer = client.step())
                answers.push_back(std::move(*answer));
            else
                std::this_thread::sleep_until(
                    std::min(client.due(), Clock::now() + std::chrono::milliseconds(5)));
        REQUIRE(answers.size() == 2);
        CHECK(answers[0].number == 1);
        CHECK(answers[1].number == 2);
        CHECK(answers[0].trouble == LxcTrouble::broken);
        CHECK(answers[1].trouble == LxcTrouble::broken);
        CHECK(client.pid() == -1);
        return answers[0].fault;
    };
    CHECK(answer_of([](int) { ::pause(); }, 200).find("does not return within 200 ms") != std::string::npos);
    CHECK(answer_of([](int socket) {
              char start = 0;
              static_cast<void>(::recv(socket, &start, 1, 0)); // else the question can't be sent
              ::_exit(1);
          }).find("crashed") != std::string::npos);
    CHECK(answer_of([](int socket) {
              ::send(socket, ".nonsense", 9, 0);
              ::pause();
          }).find("invalid answer") != std::string::npos);
    CHECK(answer_of([](int socket) {
              ::send(socket, "+small", 6, 0); // with thousands of these the agent would wait
              ::pause();
          }).find("invalid answer") != std::string::npos);
    const auto endless = [](int socket) {
        const std::string piece(piece_bytes_most, more_follows);
        for (std::size_t sent = 0; sent < 2 * answer_bytes_most; sent += piece.size())
            ::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL);
        ::_exit(1);
    };
    CHECK(answer_of(endless).find("returns too much") != std::string::npos);
}

TEST_CASE("messages are read as they were written; others are refused") {
    LxcQuestion question;
    question.ask = LxcAsk::init;
    question.number = 7;
    question.lxcpath = "/a b";
    question.name = "x\ny";
    question.active = true;
    question.owner = 4'000'000'000U;
    question.init_pid = 12;
    question.cgroup_dir = "lxc/\xff";
    question.pve_lxcpath = "/var/lib/lxc";
    question.others = {{"/lxc", "/a//b"}, "/lxc/web"};
    CHECK(decode_question(encode(question)) == question);
    LxcAnswer answer;
    answer.number = 8;
    answer.state = "RUNNING";
    answer.uts_name = "web";
    answer.init_pid = 99;
    answer.names = {"a", "b"};
    answer.owner = {4'000'000'000U, 7};
    answer.may_hang = true;
    answer.is_pve = true;
    answer.others = {{"/lxc"}, "/srv/web"};
    answer.paths = {"/var/lib/lxc"};
    answer.daemon_socket = "/var/lib/lxd/unix.socket";
    CHECK(decode_answer(encode(answer)) == answer);
    CHECK_FALSE(decode_question(""));
    const std::string whole = encode(answer);
    for (std::size_t length = 0; length < whole.find("web"); ++length)
        CHECK_FALSE(decode_answer(whole.substr(0, length)));
    const auto refused = [&](const std::function<void(LxcAnswer&)>& change) {
        LxcAnswer changed = answer;
        change(changed);
        return !decode_answer(encode(changed));
    };
    CHECK(refused([](LxcAnswer& a) { a.state = "INVALID STATE"; }));
    CHECK(refused([](LxcAnswer& a) { a.names = {"../etc"}; }));
    CHECK(refused([](LxcAnswer& a) { a.names = {""}; }));
    CHECK(refused([](LxcAnswer& a) { a.uts_name.assign(5000, 'x'); }));
    CHECK(refused([](LxcAnswer& a) { a.init_pid = -1; }));
    CHECK(refused([](LxcAnswer& a) { a.others.paths.resize(most_other_paths + 1); }));
    CHECK(refused([](LxcAnswer& a) { a.trouble = LxcTrouble::fault; }));
}

TEST_CASE("a process that is alive is an init only if it is the one that liblxc has named") {
    LxcClient client([](int socket) { run_lxc_worker(socket, {}); }, "lxcmon-test", std::chrono::seconds(20));
    LxcQuestion question;
    question.ask = LxcAsk::init;
    question.number = 1;
    question.init_pid = ::getpid(); // as a pid that was reused meanwhile
    client.ask(question, LxcUrgency::normal);
    std::optional<LxcAnswer> answer;
    while (!(answer = client.step()))
        std::this_thread::sleep_until(
            std::min(client.due(), LxcClient::Clock::now() + std::chrono::milliseconds(5)));
    CHECK(answer->trouble == LxcTrouble::silent);
    CHECK(answer->fault == "its init has ended");
}

TEST_CASE("no two users have processes of one name") {
    CHECK(lxc_worker_name({0, 0}) == "lxcmon-lxc");
    CHECK(lxc_worker_name({9'999'999, 1}) == "lxcmon-u9999999");
    CHECK(lxc_worker_name({1'234'567'890, 1}) == "lxcmon-499602d2");
    CHECK(lxc_worker_name({1'234'567'891, 1}) == "lxcmon-499602d3");
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a user's cgroup is one below a cgroup that is his") {
    const TempTree cgroups;
    const std::string mountinfo = "24 1 0:22 / " + cgroups.path().string() + " rw - cgroup2 cgroup2 rw\n";
    const auto why_not = [&](const std::string& path, const std::string& dir = "") {
        return why_not_cgroups_of(1234, dir, mountinfo, "0::" + path + "\n");
    };
    for (const char* folder :
         {"his/lxc.payload.web/init.scope", "lxc.payload.web", "user.slice/his", "lxc.payload.web/his"})
        std::filesystem::create_directories(cgroups.path() / folder);
    for (const char* folder : {"his", "user.slice/his", "lxc.payload.web/his"})
        REQUIRE(::chown((cgroups.path() / folder).c_str(), 1234, 1234) == 0);
    CHECK(why_not("/his/lxc.payload.web/init.scope").empty());
    CHECK(why_not("/his/lxc.payload.web", "his/lxc.payload.web").empty());
    CHECK(why_not("/lxc.payload.web").find("in the cgroup /lxc.payload.web") == 0);
    CHECK_FALSE(why_not("/lxc/web").empty());
    CHECK_FALSE(why_not("web/lxc/a").empty()); // no path of the kernel's
    CHECK_FALSE(why_not("/user.slice", "/user.slice").empty());
    // Below a folder that is the user's, but the figures would be of one above it.
    CHECK(why_not("/user.slice/his/deep", "user.slice").find("in the cgroup /user.slice,") == 0);
    CHECK(why_not("/lxc.payload.web/his").find("in the cgroup /lxc.payload.web,") == 0);
    CHECK(why_not("/user.slice").empty()); // the sampler takes no figures from there
    CHECK(why_not("/").empty());
}

TEST_CASE("the owner of an lxcpath is the first user on the way to it, also behind links") {
    const TempTree tree;
    const auto owner_of = [](const std::string& path) {
        const auto found = lxcpath_owner(path);
        return found ? std::optional(found->owner) : std::nullopt;
    };
    std::filesystem::create_directories(tree.path() / "home/joe/lxc");
    CHECK(owner_of(tree.path() / "home/joe/lxc") == LxcOwner{0, 0});
    REQUIRE(::chown((tree.path() / "home/joe").c_str(), 1234, 1235) == 0);
    CHECK(owner_of(tree.path() / "home/joe/lxc") == LxcOwner{1234, 1235});
    CHECK(owner_of(tree.path() / "home/joe/nothing") == LxcOwner{1234, 1235}); // not looked at
    CHECK(owner_of(tree.path() / "home") == LxcOwner{0, 0});
    std::filesystem::create_symlink("home/joe/lxc", tree.path() / "link");
    std::filesystem::create_symlink("loop", tree.path() / "loop");
    CHECK(owner_of(tree.path() / "link") == LxcOwner{1234, 1235});
    CHECK_FALSE(lxcpath_owner(tree.path() / "loop"));
    CHECK_FALSE(lxcpath_owner(tree.path() / "missing"));
    REQUIRE(::lchown((tree.path() / "link").c_str(), 99, 99) == 0);
    CHECK(owner_of(tree.path() / "link") == LxcOwner{99, 99});
}

TEST_SUITE_END();
