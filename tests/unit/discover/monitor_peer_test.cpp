// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/abstract_socket.hpp"
#include "support/fake_monitor.hpp"
#include "support/temp_tree.hpp"

#include "discover/monitors/listener_uid.hpp"
#include "discover/monitors/peer.hpp"
#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

using lxcmon::discover::listener_uid;
using lxcmon::discover::monitor_listener;
using lxcmon::discover::monitor_peer;
using lxcmon::discover::monitor_pid;
using lxcmon::discover::MonitorPeer;
using lxcmon::test::FakeMonitor;
using lxcmon::test::fill;
using lxcmon::test::listen_at;
using lxcmon::test::socket_at;
using lxcmon::test::TempTree;

namespace {

constexpr uid_t other_user = 65534; // nobody
constexpr uid_t owner = 12345;

MonitorPeer peer_of_uid(uid_t uid, const std::string& lxcpath, uid_t owner_uid) {
    const FakeMonitor monitor(uid, lxcpath, "web");
    CHECK(monitor_peer(lxcpath, "db", owner_uid) == MonitorPeer::absent);
    CHECK(monitor_peer(lxcpath + "x", "web", owner_uid) == MonitorPeer::absent);
    const MonitorPeer peer = monitor_peer(lxcpath, "web", owner_uid);
    CHECK(monitor_listener(lxcpath, "web", owner_uid) == peer);
    return peer;
}

} // namespace

TEST_CASE("without a listening process the peer is absent") {
    const TempTree tree;
    CHECK(monitor_peer(tree.path(), "web", 0) == MonitorPeer::absent);
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("only the owner of the lxcpath is trusted") {
    const TempTree tree;
    CHECK(peer_of_uid(0, tree.path(), 0) == MonitorPeer::trusted);
    CHECK(peer_of_uid(other_user, tree.path(), 0) == MonitorPeer::untrusted);
    CHECK(peer_of_uid(owner, tree.path(), owner) == MonitorPeer::trusted);
    CHECK(peer_of_uid(0, tree.path(), owner) == MonitorPeer::untrusted);
    CHECK(peer_of_uid(other_user, tree.path(), owner) == MonitorPeer::untrusted);
}

TEST_CASE("a monitor in the place of another one is told by its pid") {
    const TempTree tree;
    const std::string lxcpath = tree.path();
    CHECK(monitor_pid(lxcpath, "web", 0) == 0);
    std::optional<FakeMonitor> monitor;
    monitor.emplace(0, lxcpath, "web");
    const pid_t first = monitor_pid(lxcpath, "web", 0);
    CHECK(first > 0);
    CHECK(monitor_pid(lxcpath, "web", 0) == first);
    CHECK(monitor_pid(lxcpath, "web", other_user) == 0);
    monitor->end();
    CHECK(monitor_pid(lxcpath, "web", 0) == 0);
    monitor.emplace(0, lxcpath, "web");
    CHECK(monitor_pid(lxcpath, "web", 0) > 0);
    CHECK(monitor_pid(lxcpath, "web", 0) != first);
    monitor->end();
    monitor.emplace(other_user, lxcpath, "web");
    CHECK(monitor_pid(lxcpath, "web", 0) == 0);
}

TEST_CASE("a process of another pid namespace is untrusted, however many groups it has") {
    const TempTree tree;
    const FakeMonitor few(0, tree.path(), "web", false, CLONE_NEWPID);
    const FakeMonitor many(0, tree.path(), "db", false, CLONE_NEWPID, 65'536);
    const FakeMonitor host(0, tree.path(), "own", false, 0, 65'536);
    CHECK(monitor_peer(tree.path(), "web", 0) == MonitorPeer::untrusted);
    CHECK(monitor_peer(tree.path(), "db", 0) == MonitorPeer::untrusted);
    CHECK(monitor_peer(tree.path(), "own", 0) == MonitorPeer::trusted);
}

TEST_CASE("a monitor that does not close the connection is silent; another user's process is untrusted") {
    const TempTree tree;
    const FakeMonitor monitor(0, tree.path(), "web", true);
    const FakeMonitor other(other_user, tree.path(), "db", true);
    CHECK(monitor_peer(tree.path(), "web", 0) == MonitorPeer::silent);
    CHECK(monitor_peer(tree.path(), "db", 0) == MonitorPeer::untrusted);
    CHECK(monitor_listener(tree.path(), "web", 0) == MonitorPeer::trusted); // does not wait
}

TEST_CASE("a name too long for an address is looked up by its hash, not truncated") {
    const std::string lxcpath = "/tmp/" + std::string(120, 'a');
    const FakeMonitor cut(0, lxcpath, "web");
    CHECK(monitor_peer(lxcpath, "web", 0) == MonitorPeer::absent);
    const FakeMonitor other_user_with_hash(other_user, "lxc", "424b28c51bf6d8f5");
    CHECK(monitor_peer(lxcpath, "web", 0) == MonitorPeer::untrusted);
}

TEST_CASE("a full accept queue is silent, and another user's is untrusted") {
    const TempTree tree;
    const FakeMonitor monitor(0, tree.path(), "web", true);
    const FakeMonitor other(other_user, tree.path(), "db", true);
    const auto to_monitor = fill(tree.path().string() + "/web/command");
    const auto to_other = fill(tree.path().string() + "/db/command");
    CHECK(monitor_peer(tree.path(), "web", 0) == MonitorPeer::silent);
    CHECK(monitor_peer(tree.path(), "web", other_user) == MonitorPeer::silent);
    CHECK(monitor_peer(tree.path(), "db", 0) == MonitorPeer::untrusted);
    CHECK(monitor_peer(tree.path(), "db", owner) == MonitorPeer::untrusted);
    CHECK(monitor_peer(tree.path(), "db", other_user) == MonitorPeer::silent);
    CHECK(monitor_listener(tree.path(), "db", 0) == MonitorPeer::silent); // is not looked up
}

TEST_CASE("the kernel tells the user of a listener among thousands") {
    constexpr int most = 3'000;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit more{2 * most, std::max<rlim_t>(2 * most, before.rlim_max)};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &more) == 0);
    {
        const TempTree tree;
        const std::string place = tree.path();
        std::vector<lxcmon::io::UniqueFd> sockets;
        for (int number = 0; number < most; ++number)
            sockets.push_back(listen_at(place + "/" + std::to_string(number)));
        const FakeMonitor monitor(other_user, place, "web");
        CHECK(listener_uid(place + "/web/command") == other_user);
        CHECK(listener_uid(place + "/7") == 0);
        CHECK(listener_uid(place + "/web/comman") == std::nullopt);
        const auto bound = socket_at(&::bind, place + "/bound"); // does not listen
        CHECK(listener_uid(place + "/bound") == std::nullopt);
    }
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_SUITE_END();
