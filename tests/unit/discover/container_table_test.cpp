// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/fake_monitor.hpp"
#include "support/log_capture.hpp"
#include "support/temp_tree.hpp"

#include "discover/container_table.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

using lxcmon::Container;
using lxcmon::discover::ContainerTable;
using lxcmon::discover::DiscoverSettings;
using lxcmon::test::count_of;
using lxcmon::test::FakeMonitor;
using lxcmon::test::LogCapture;
using lxcmon::test::TempTree;

// Stopped containers only; tests/integration has the tests of running containers.
namespace {

void define(const TempTree& lxcpath, const std::string& name, const std::string& more = "") {
    lxcpath.write(name + "/config", "lxc.rootfs.path = dir:/nowhere\n" + more);
}

std::vector<std::string> names_of(const ContainerTable& table) {
    std::vector<std::string> names;
    for (const Container* each : table.containers())
        names.push_back(each->name);
    return names;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("an empty lxcpath has no containers and is no fault") {
    const TempTree tree;
    LogCapture log;
    ContainerTable table(DiscoverSettings{{tree.path()}, {}, {}});
    table.refresh();
    CHECK(table.containers().empty());
    CHECK(table.faults().empty());
    CHECK(log.take().empty());
}

// As root, whose lxcpath is watched; a user's is listed every 5 s.
TEST_CASE("a missing lxcpath is logged once and does not affect the others" *
          doctest::test_suite("needs root")) {
    const TempTree tree;
    const TempTree good;
    define(good, "web");
    const std::string missing = tree.path() / "later";
    LogCapture log;
    ContainerTable table(DiscoverSettings{{missing, good.path()}, {}, {}});
    for (int round = 0; round < 2; ++round) {
        table.refresh();
        CHECK(names_of(table) == Names{"web"});
        REQUIRE(table.faults().count(missing) == 1);
        CHECK(table.faults().at(missing).find(missing) != std::string::npos);
        CHECK(table.faults().size() == 1);
        const std::string said = log.take();
        CHECK(count_of(said, "error ") == (round == 0 ? 1 : 0));
        CHECK((said.find(missing) != std::string::npos) == (round == 0));
    }
    tree.write("later/db/config", "lxc.rootfs.path = dir:/nowhere\n");
    table.refresh();
    CHECK(table.faults().empty());
    CHECK(names_of(table) == Names{"db", "web"});
    CHECK(count_of(log.take(), "listed again") == 1);
    // Removed again: its entries stay.
    tree.remove("later");
    table.refresh();
    CHECK(table.faults().size() == 1);
    CHECK(names_of(table) == Names{"db", "web"});
}

TEST_CASE("stopped containers have their settings, and disappear when removed" *
          doctest::test_suite("needs root")) {
    const TempTree tree;
    define(tree, "a", "lxc.uts.name = web\nlxc.cgroup.dir.container = pool/a\n");
    define(tree, "b");
    ContainerTable table(DiscoverSettings{{tree.path()}, {}, {}});
    table.refresh();
    REQUIRE(names_of(table) == Names{"a", "b"});
    const Container* const first = table.containers()[0];
    CHECK(first->lxcpath == tree.path());
    CHECK(first->host_name == "web");
    CHECK(first->cgroup_dir == "pool/a");
    CHECK(first->state == "STOPPED");
    CHECK(first->init_pid == 0);
    CHECK(first->incarnation == 0);
    CHECK_FALSE(first->init_pidfd);
    const std::uint64_t id_of_b = table.containers()[1]->id;
    CHECK(first->id != id_of_b);
    CHECK(table.containers()[1]->cgroup_dir.empty());

    tree.remove("b");
    define(tree, "c");
    table.refresh();
    CHECK(names_of(table) == Names{"a", "c"});
    CHECK(table.containers()[0] == first); // the same entry
    // A new container with an old name is a new entry.
    define(tree, "b");
    table.refresh();
    REQUIRE(names_of(table) == Names{"a", "b", "c"});
    CHECK(table.containers()[1]->id != id_of_b);
}

TEST_CASE("folders without a configuration are not containers") {
    const TempTree tree;
    define(tree, "web");
    std::filesystem::create_directory(tree.path() / "empty");
    tree.write("file", "x");
    ContainerTable table(DiscoverSettings{{tree.path()}, {}, {}});
    table.refresh();
    CHECK(names_of(table) == Names{"web"});
}

TEST_CASE("only selected containers are in the table") {
    const TempTree tree;
    for (const std::string name : {"web1", "web2", "db"})
        define(tree, name);
    ContainerTable table(DiscoverSettings{{tree.path()}, {"web*"}, {"*2"}});
    table.refresh();
    CHECK(names_of(table) == Names{"web1"});
}

TEST_CASE("of two containers with one name that of the later lxcpath is shadowed" *
          doctest::test_suite("needs root")) {
    const TempTree first;
    const TempTree second;
    define(first, "web");
    define(second, "web");
    define(second, "db");
    ContainerTable table(DiscoverSettings{{first.path(), second.path()}, {}, {}});
    table.refresh();
    REQUIRE(names_of(table) == Names{"web", "db", "web"});
    CHECK_FALSE(table.containers()[0]->shadowed);
    CHECK_FALSE(table.containers()[1]->shadowed);
    CHECK(table.containers()[2]->shadowed);
    first.remove("web");
    table.refresh();
    REQUIRE(names_of(table) == Names{"db", "web"});
    CHECK_FALSE(table.containers()[1]->shadowed);
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("another user's process on a stopped container's socket is logged once and ignored") {
    const TempTree tree;
    define(tree, "web", "lxc.uts.name = www\n");
    FakeMonitor untrusted(65534, tree.path(), "web", true); // a query would hang
    const FakeMonitor phantom(65534, tree.path(), "phantom");
    LogCapture log;
    ContainerTable table(DiscoverSettings{{tree.path()}, {}, {}});
    for (int round = 0; round < 2; ++round) {
        table.refresh();
        REQUIRE(names_of(table) == Names{"web"}); // and not phantom
        CHECK(table.containers()[0]->state == "STOPPED");
        CHECK(table.containers()[0]->host_name == "www");
        CHECK(table.left_out() == 0);
        CHECK(count_of(log.take(), "warning container web ") == (round == 0 ? 1 : 0));
    }
    untrusted.end();
    table.refresh();
    CHECK(names_of(table) == Names{"web"});
}

TEST_CASE("a container with a silent monitor is skipped, and logged after several attempts") {
    const TempTree tree;
    define(tree, "web");
    define(tree, "db");
    FakeMonitor monitor(0, tree.path(), "web", true);
    LogCapture log;
    ContainerTable table(DiscoverSettings{{tree.path()}, {}, {}});
    table.refresh();
    CHECK(names_of(table) == Names{"db"});
    CHECK(table.left_out() == 1);
    CHECK(log.take().empty()); // it may be starting
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::string said;
    while (said.empty() && std::chrono::steady_clock::now() < end) {
        table.refresh();
        said = log.take();
    }
    CHECK(count_of(said, "does not answer") == 1);
    CHECK(names_of(table) == Names{"db"});
    monitor.end();
    table.refresh();
    CHECK(names_of(table) == Names{"db", "web"});
}

TEST_CASE("a refresh waits no longer than its settings say for silent sockets") {
    const TempTree tree;
    define(tree, "web");
    std::deque<FakeMonitor> silent;
    for (int number = 0; number < 60; ++number)
        silent.emplace_back(0, tree.path(), "x" + std::to_string(number), true);
    DiscoverSettings settings{{tree.path()}, {}, {}};
    settings.liblxc.first_wait = std::chrono::seconds(2);
    ContainerTable table(settings);
    const auto begin = std::chrono::steady_clock::now();
    table.refresh();
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(4)); // 100 ms each are 6 s
    CHECK(names_of(table) == Names{"web"});
}

TEST_SUITE_END();

TEST_CASE("a configuration that is not a regular file is not opened") {
    const TempTree tree;
    define(tree, "web");
    std::filesystem::create_directory(tree.path() / "fifo");
    REQUIRE(::mkfifo((tree.path() / "fifo/config").c_str(), 0600) == 0);
    LogCapture log;
    ContainerTable table(DiscoverSettings{{tree.path()}, {}, {}});
    table.refresh();
    CHECK(names_of(table) == Names{"web"});
    CHECK(count_of(log.take(), "regular file") == 1);
}
