// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_monitor.hpp"
#include "support/temp_tree.hpp"

#include "discover/monitors/peer.hpp"

#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

using lxcmon::discover::monitor_listener;
using lxcmon::discover::monitor_peer;
using lxcmon::discover::monitor_pid;
using lxcmon::discover::MonitorPeer;
using lxcmon::test::FakeMonitor;
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

TEST_CASE("a monitor with a full accept queue is silent") {
    const TempTree tree;
    const FakeMonitor monitor(0, tree.path(), "web", true);
    std::vector<lxcmon::io::UniqueFd> callers;
    const std::string name = tree.path().string() + "/web/command";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    const void* const generic = &address;
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    do
        callers.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    while (::connect(callers.back().get(), static_cast<const sockaddr*>(generic), bytes) == 0);
    REQUIRE(errno == EAGAIN);
    CHECK(monitor_peer(tree.path(), "web", 0) == MonitorPeer::silent);
}

TEST_SUITE_END();
