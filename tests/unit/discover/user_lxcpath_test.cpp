// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/encoded.hpp"
#include "support/fake_monitor.hpp"
#include "support/log_capture.hpp"
#include "support/temp_tree.hpp"
#include "support/user_monitor.hpp"
#include "support/user_path.hpp"

#include "discover/container_table.hpp"

#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace lxcmon::discover;
using lxcmon::Container;
using lxcmon::test::Child;
using lxcmon::test::claims;
using lxcmon::test::count_of;
using lxcmon::test::FakeMonitor;
using lxcmon::test::LogCapture;
using lxcmon::test::lxc_user;
using lxcmon::test::names_after_refresh;
using lxcmon::test::say;
using lxcmon::test::TableNames;
using lxcmon::test::TempTree;
using lxcmon::test::UserMonitor;
using lxcmon::test::UserPath;

// What a user can try whose lxcpath root has named.
namespace {

/// `bad` is left out and logged once; the others are there at each refresh.
void check_costs_itself_alone(const UserPath& place, const std::string& reason,
                              std::chrono::milliseconds deadline = std::chrono::milliseconds(500)) {
    LogCapture log;
    DiscoverSettings settings = place.settings();
    settings.liblxc.deadline = deadline;
    ContainerTable table(settings);
    for (int round = 0; round < 3; ++round) {
        CHECK(names_after_refresh(table) == TableNames{"steady", "good"});
        CHECK(table.left_out() == 1);
        CHECK(table.faults().empty());
        const std::string said = log.take();
        CHECK_MESSAGE(
            count_of(said, "container bad of " + place.path() + ": " + reason) == (round == 0 ? 1 : 0), said);
    }
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a user's container does not take the name of root's, even if its lxcpath comes first") {
    const UserPath place;
    place.define("my\001db");
    place.roots().write("my_db/config", "lxc.rootfs.path = dir:/nowhere\n");
    DiscoverSettings settings = place.settings();
    std::ranges::reverse(settings.lxcpaths);
    LogCapture log;
    ContainerTable table(settings);
    for (int round = 0; round < 2; ++round) {
        CHECK(names_after_refresh(table) == TableNames{"good", "my\001db", "my_db", "steady"});
        for (const Container* each : table.containers())
            CHECK(each->shadowed == (each->name == "my\001db"));
        CHECK(count_of(log.take(), "its points have the tag lxcpath") == (round == 0 ? 1 : 0));
    }
}

TEST_CASE("a configuration that includes itself costs its container alone") {
    const UserPath place;
    place.define("bad", "lxc.include = " + place.path() + "/bad/config\n");
    check_costs_itself_alone(place, "liblxc crashed", std::chrono::seconds(20)); // on a busy machine, too
}

TEST_CASE("a configuration that includes a FIFO, or logs to one, costs its container alone") {
    const UserPath place;
    const std::string fifo = place.path() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    place.define("bad", "lxc.include = " + fifo + "\n");
    check_costs_itself_alone(place, "liblxc does not return within 500 ms");
    place.define("bad", "lxc.log.file = " + fifo + "\n");
    check_costs_itself_alone(place, "liblxc does not return within 500 ms");
}

TEST_CASE("lxc.log.file makes no file, neither root's nor the user's") {
    const UserPath place;
    const TempTree roots_folder;
    const TempTree anyones;
    REQUIRE(::chmod(anyones.path().c_str(), 0777) == 0);
    for (const TempTree* folder : {&roots_folder, &anyones}) {
        place.define("bad", "lxc.log.file = " + (folder->path() / "nologin").string() + "\n");
        check_costs_itself_alone(place,
                                 "liblxc can't load the container as uid 65534: its lxc.log.file is '" +
                                     (folder->path() / "nologin").string() + "', which can't be opened: ");
        CHECK(std::filesystem::is_empty(folder->path()));
    }
}

TEST_CASE("an existing log of the user's does not matter") {
    const UserPath place;
    place.define("logs", "lxc.log.file = " + place.path() + "/log\n");
    std::ofstream(place.path() + "/log") << "before";
    place.own();
    ContainerTable table(place.settings());
    CHECK(names_after_refresh(table) == TableNames{"steady", "good", "logs"});
    CHECK(std::filesystem::file_size(place.path() + "/log") >= 6);
}

TEST_CASE("a user's monitor that hangs, trickles or answers without end costs its container alone") {
    const UserPath place;
    place.define("bad");
    const std::function<void(int)> hang = [](int) { ::pause(); };
    const std::function<void(int)> trickle = [](int caller) {
        while (::send(caller, "", 1, MSG_NOSIGNAL) == 1)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
    };
    const std::function<void(int)> huge = [](int caller) {
        say(caller, {0, 0x7fffffff, 0});
        const std::string much(65536, 'A');
        while (::send(caller, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
        }
    };
    {
        const UserMonitor monitor(lxc_user, place.path(), "bad", hang);
        check_costs_itself_alone(place, "liblxc does not return within 500 ms");
    }
    for (const auto& serve : {trickle, huge}) { // liblxc may take the first bytes for an answer
        const UserMonitor monitor(lxc_user, place.path(), "bad", serve);
        ContainerTable table(place.settings());
        const TableNames names = names_after_refresh(table);
        CHECK(std::ranges::find(names, "steady") != names.end());
        CHECK(std::ranges::find(names, "good") != names.end());
    }
}

TEST_CASE("the init of root's container is not accepted from a user's monitor") {
    const UserPath place;
    place.define("bad");
    const Child roots;
    const UserMonitor monitor(lxc_user, place.path(), "bad", claims(roots.pid()));
    check_costs_itself_alone(place, "its monitor names process " + std::to_string(roots.pid()) +
                                        " as its init, which is neither a process nor in a user namespace of "
                                        "uid 65534");
}

TEST_CASE("an init of the user's is accepted, also without answers to the other questions") {
    const UserPath place;
    const Child init(0, [] { return ::setgid(lxc_user) == 0 && ::setuid(lxc_user) == 0; });
    place.define("web");
    const UserMonitor monitor(lxc_user, place.path(), "web", claims(init.pid()));
    ContainerTable table(place.settings());
    CHECK(names_after_refresh(table) == TableNames{"steady", "good", "web"});
    REQUIRE(table.containers().size() == 3);
    CHECK(table.containers()[2]->state == "RUNNING");
    CHECK(table.containers()[2]->init_pid == init.pid());
}

TEST_CASE("a state that could not be asked is not made up") {
    const UserPath place;
    place.define("bad");
    const UserMonitor monitor(lxc_user, place.path(), "bad", [](int) {}); // closes instead of an answer
    check_costs_itself_alone(place, "its monitor can't be asked for the state");
}

TEST_CASE("a running container without an init is not made up") {
    const UserPath place;
    place.define("bad");
    const UserMonitor monitor(lxc_user, place.path(), "bad", [](int caller) {
        constexpr int get_state = 3, running = 2;
        if (UserMonitor::command == get_state)
            say(caller, {0, 0, running});
    });
    check_costs_itself_alone(place, "liblxc returns no pidfd of its init");
}

TEST_CASE("an answer does not count if its monitor has ended meanwhile: any process can have given it") {
    const UserPath place;
    const Child init(0, [] { return ::setgid(lxc_user) == 0 && ::setuid(lxc_user) == 0; });
    place.define("bad");
    const UserMonitor monitor(lxc_user, place.path(), "bad", [&](int caller) {
        static std::atomic<int> pids_asked{0};
        constexpr int get_init_pid = 4, last_question = 2; // liblxc asks for the pid twice
        if (UserMonitor::command == get_init_pid && ++pids_asked == last_question)
            ::shutdown(UserMonitor::listener, SHUT_RDWR);
        claims(init.pid())(caller);
    });
    LogCapture log;
    ContainerTable table(place.settings());
    CHECK(names_after_refresh(table) == TableNames{"steady", "good"});
    CHECK(table.left_out() == 1);
    CHECK(log.take().empty()); // it is asked again soon
}

TEST_CASE("a long configuration is read to its end, and one that is too long is refused") {
    const UserPath place;
    // Not near the limit: liblxc copies it several times, and ASan's allocator needs more than it gets there.
    const std::string comments(1'000'000, '#'), last = "\nlxc.uts.name = long\n";
    place.define("long", comments.substr(0, 200'000) + last);
    place.define("bad", comments + "\n" + comments + last);
    LogCapture log;
    ContainerTable table(place.settings());
    CHECK(names_after_refresh(table) == TableNames{"steady", "good", "long"});
    REQUIRE(table.containers().size() == 3);
    CHECK(table.containers()[2]->host_name == "long");
    CHECK(count_of(log.take(), "bad/config has 2000053 bytes, expected at most 1048576") == 1);
}

TEST_CASE("a poll() that fails ends no container") {
    const UserPath place;
    const Child init(0, [] { return ::setgid(lxc_user) == 0 && ::setuid(lxc_user) == 0; });
    place.define("web");
    const UserMonitor monitor(lxc_user, place.path(), "web", claims(init.pid()));
    ContainerTable table(place.settings());
    REQUIRE(names_after_refresh(table) == TableNames{"steady", "good", "web"});
    const std::uint64_t incarnation = table.containers()[2]->incarnation;
    LogCapture log;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    // UBSan needs descriptors to check a class for the first time.
    static_cast<void>(std::generic_category().message(EINVAL));
    const rlimit none{0, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0); // poll() of any descriptor: EINVAL
    const TableNames names = names_after_refresh(table);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(names == TableNames{"web"}); // without /proc/net/unix, the others may have started
    CHECK(count_of(log.take(), "containers that start are not seen, and stopped ones are left out") == 1);
    REQUIRE(names_after_refresh(table) == TableNames{"steady", "good", "web"});
    CHECK(count_of(log.take(), "reading /proc/net/unix works again") == 1);
    CHECK(table.containers()[2]->incarnation == incarnation);
    CHECK(table.containers()[2]->restarts == 0);
}

TEST_CASE("sockets of other users are asked once, not at each refresh") {
    const UserPath place;
    constexpr int many = 300;
    std::vector<lxcmon::io::UniqueFd> sockets;
    REQUIRE(::seteuid(4321) == 0); // SO_PEERCRED has the user of listen()
    for (int number = 0; number < many; ++number) {
        sockets.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::size_t length =
            (place.roots().path().string() + "/x" + std::to_string(number) + "/command")
                .copy(address.sun_path + 1, sizeof address.sun_path - 1);
        const void* const generic = &address;
        CHECK(::bind(sockets.back().get(), static_cast<const sockaddr*>(generic),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length)) == 0);
        CHECK(::listen(sockets.back().get(), 8) == 0);
    }
    REQUIRE(::seteuid(0) == 0);
    // Other agents and tests of this host look at each socket, too: these are of other process groups.
    const auto is_own = [](int caller) {
        ucred peer{};
        socklen_t size = sizeof peer;
        REQUIRE(::getsockopt(caller, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0);
        return ::getpgid(peer.pid) == ::getpgrp();
    };
    const auto callers = [&] {
        int count = 0;
        for (const auto& socket : sockets)
            while (const lxcmon::io::UniqueFd caller{::accept(socket.get(), nullptr, nullptr)})
                count += is_own(caller.get()) ? 1 : 0;
        return count;
    };
    ContainerTable table(place.settings());
    CHECK(names_after_refresh(table) == TableNames{"steady", "good"});
    constexpr int most_of_a_refresh = 256;
    CHECK(callers() == most_of_a_refresh);
    for (int round = 0; round < 2; ++round)
        CHECK(names_after_refresh(table) == TableNames{"steady", "good"});
    CHECK(callers() == many - most_of_a_refresh);
    for (int round = 0; round < 3; ++round)
        CHECK(names_after_refresh(table) == TableNames{"steady", "good"});
    CHECK(callers() == 0);
}

TEST_SUITE_END();
