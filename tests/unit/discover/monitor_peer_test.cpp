#include "support/fake_monitor.hpp"
#include "support/temp_tree.hpp"

#include "discover/monitor_peer.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

using lxcmon::discover::monitor_peer;
using lxcmon::discover::MonitorPeer;
using lxcmon::test::FakeMonitor;
using lxcmon::test::TempTree;

namespace {

constexpr uid_t stranger = 65534; // nobody
constexpr uid_t owner = 12345;

MonitorPeer peer_of_uid(uid_t uid, const std::string& lxcpath) {
    const FakeMonitor monitor(uid, lxcpath, "web");
    CHECK(monitor_peer(lxcpath, "db") == MonitorPeer::unknown);
    CHECK(monitor_peer(lxcpath + "x", "web") == MonitorPeer::unknown);
    return monitor_peer(lxcpath, "web");
}

} // namespace

TEST_CASE("root is believed, and the owner of the lxcpath; no other user is") {
    const TempTree tree; // root's
    CHECK(peer_of_uid(0, tree.path()) == MonitorPeer::trusted);
    CHECK(peer_of_uid(stranger, tree.path()) == MonitorPeer::untrusted);
    REQUIRE(::chown(tree.path().c_str(), owner, owner) == 0);
    CHECK(peer_of_uid(owner, tree.path()) == MonitorPeer::trusted);
    CHECK(peer_of_uid(0, tree.path()) == MonitorPeer::trusted);
    CHECK(peer_of_uid(stranger, tree.path()) == MonitorPeer::untrusted);
}

TEST_CASE("a monitor that does not hang up on a caller is silent; a stranger's silence is no matter") {
    const TempTree tree;
    const FakeMonitor monitor(0, tree.path(), "web", true);
    const FakeMonitor strangers(stranger, tree.path(), "db", true);
    CHECK(monitor_peer(tree.path(), "web") == MonitorPeer::silent);
    CHECK(monitor_peer(tree.path(), "db") == MonitorPeer::untrusted);
}

TEST_CASE("nobody listens") {
    const TempTree tree;
    CHECK(monitor_peer(tree.path(), "web") == MonitorPeer::unknown);
}

TEST_CASE("an lxcpath that is gone has no owner to believe") {
    const std::string nowhere = "/nonexistent/lxcmon-" + std::to_string(::getpid());
    CHECK(peer_of_uid(stranger, nowhere) == MonitorPeer::untrusted);
}

TEST_CASE("a name too long for a plain address is not asked for under a cut one") {
    const std::string lxcpath = "/tmp/" + std::string(120, 'a');
    const FakeMonitor monitor(0, lxcpath, "web");
    CHECK(monitor_peer(lxcpath, "web") == MonitorPeer::unknown);
}
