// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/refreshing.hpp"
#include "support/temp_tree.hpp"
#include "support/unix_daemon.hpp"

#include "discover/container_table.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using lxcmon::discover::ContainerTable;
using lxcmon::discover::DiscoverSettings;
using lxcmon::test::alone;
using lxcmon::test::becomes_true;
using lxcmon::test::count_of;
using lxcmon::test::instance;
using lxcmon::test::LogCapture;
using lxcmon::test::of_cluster;
using lxcmon::test::TempTree;
using lxcmon::test::UnixDaemon;

namespace {

bool has_names(ContainerTable& table, const std::vector<std::string>& wanted) {
    const auto has_them = [&] {
        std::vector<std::string> names;
        for (const lxcmon::Container* each : table.containers())
            names.push_back(each->name);
        return names == wanted;
    };
    return becomes_true(table, has_them);
}

} // namespace

// As LXD's lxcpath is: root's.
TEST_SUITE_BEGIN("needs root");

TEST_CASE("what LXD no longer has is not shown, and while it does not answer nothing changes") {
    const TempTree tree;
    for (const std::string name : {"web", "moved", "ghost"})
        tree.write("containers/" + name + "/backup.yaml", "");
    std::filesystem::create_directory(tree.path() / "database");
    UnixDaemon daemon(tree.path() / "unix.socket");
    daemon.answer_well(of_cluster, instance("web", R"(,"location":"me")", R"("limits.cpu":"3")") + "," +
                                       instance("moved", R"(,"location":"other")"));
    DiscoverSettings settings;
    settings.lxcpaths = {tree.path() / "containers"};
    settings.managers = {10ms, 5s, 50ms};
    LogCapture log;
    ContainerTable table(settings);
    CHECK(has_names(table, {"web"}));
    REQUIRE(table.containers()[0]->managed != nullptr);
    CHECK(table.containers()[0]->managed->cores == 3);
    CHECK(table.left_out() == 0);
    CHECK(table.managers().at(0).message.find("ghost (destroyed), moved (other)") != std::string::npos);
    CHECK(count_of(log.take(), "it is not shown") == 2);

    daemon.answer("", "");
    std::string said;
    CHECK(becomes_true(table, [&] {
        said += log.take();
        return said.find("unix.socket does not answer") != std::string::npos;
    }));
    CHECK(has_names(table, {"web"}));
    CHECK_FALSE(table.managers().at(0).ok);
    // An agent that starts now shows what the folder has.
    settings.managers.first_wait = 20ms;
    ContainerTable late(settings);
    CHECK(has_names(late, {"ghost", "moved", "web"}));
}

TEST_CASE("a table that replaces another one knows what has left while LXD does not answer") {
    const TempTree tree;
    for (const std::string name : {"web", "moved", "ghost"})
        tree.write("containers/" + name + "/backup.yaml", "");
    std::filesystem::create_directory(tree.path() / "database");
    auto daemon = std::make_unique<UnixDaemon>(tree.path() / "unix.socket");
    daemon->answer_well(of_cluster, instance("web", R"(,"location":"me")", R"("limits.cpu":"3")") + "," +
                                        instance("moved", R"(,"location":"other")"));
    DiscoverSettings settings;
    settings.lxcpaths = {tree.path() / "containers"};
    settings.managers = {10ms, 5s, 50ms};
    settings.liblxc = {20s, 30s, 30s};
    auto before = std::make_unique<ContainerTable>(settings);
    CHECK(has_names(*before, {"web"}));
    SUBCASE("but hangs") {
        daemon->answer("", "");
    }
    SUBCASE("and has ended") {
        daemon.reset();
        tree.remove("unix.socket");
    }
    LogCapture log;
    settings.exclude = {"other"};
    for (int replaced = 0; replaced < 2; ++replaced) {
        auto table = std::make_unique<ContainerTable>(settings);
        table->take_managers_of(*before);
        table->refresh();
        REQUIRE(table->containers().size() == 1);
        CHECK(table->containers()[0]->name == "web");
        REQUIRE(table->containers()[0]->managed != nullptr);
        CHECK(table->containers()[0]->managed->cores == 3);
        CHECK(table->left_out() == 0);
        before = std::move(table);
    }
    CHECK(has_names(*before, {"web"}));
    CHECK(count_of(log.take(), "it has left") == 0); // was logged
}

TEST_CASE("LXD's lxcpath is known by its folder: through a link, and on a filesystem that may hang") {
    const TempTree tree, other;
    const std::string real = tree.path() / "containers", link = other.path() / "link";
    for (const std::string name : {"web", "ghost"})
        tree.write("containers/" + name + "/backup.yaml", "");
    std::filesystem::create_directory(tree.path() / "database");
    std::filesystem::create_directory_symlink(real, link);
    UnixDaemon daemon(tree.path() / "unix.socket");
    daemon.answer_well(alone, instance("web"));
    for (const std::string& lxcpath : {link, "/proc/self/root" + real}) {
        DiscoverSettings settings;
        settings.lxcpaths = {lxcpath};
        ContainerTable table(settings);
        CHECK(has_names(table, {"web"}));
        REQUIRE(table.managers().size() == 1);
        CHECK(table.managers()[0].ok);
        CHECK(table.managers()[0].message.find(tree.path().string() + "/unix.socket has") == 0);
    }
}

TEST_CASE("another daemon is asked once another folder is at LXD's lxcpath") {
    const TempTree lxd, plain, links;
    const std::string lxcpath = links.path() / "containers";
    for (const TempTree* tree : {&lxd, &plain})
        tree->write("containers/ghost/config", "lxc.rootfs.path = dir:/nowhere\n");
    std::filesystem::create_directory(lxd.path() / "database");
    std::filesystem::create_directory_symlink(lxd.path() / "containers", lxcpath);
    UnixDaemon daemon(lxd.path() / "unix.socket");
    daemon.answer_well(alone, instance("web"));
    DiscoverSettings settings;
    settings.lxcpaths = {lxcpath};
    settings.managers.period = 10ms;
    ContainerTable table(settings);
    CHECK(has_names(table, {}));
    std::filesystem::remove(lxcpath);
    std::filesystem::create_directory_symlink(plain.path() / "containers", lxcpath);
    CHECK(has_names(table, {"ghost"}));
    CHECK(table.managers().empty());
}

TEST_CASE("a folder `database` makes no LXD of plain LXC without LXD's socket, nor if it is a user's") {
    const TempTree tree;
    tree.write("lxc/web/config", "lxc.rootfs.path = dir:/nowhere\n");
    tree.write("lxc/web2/config", "lxc.rootfs.path = dir:/nowhere\n");
    std::filesystem::create_directories(tree.path() / "database");
    DiscoverSettings settings;
    settings.lxcpaths = {tree.path() / "lxc"};
    LogCapture log;
    const auto is_plain = [&] {
        ContainerTable table(settings);
        return has_names(table, {"web", "web2"}) && table.managers().empty() && log.take().empty();
    };
    CHECK(is_plain());
    UnixDaemon daemon(tree.path() / "unix.socket");
    daemon.answer_well(alone, instance("web"));
    const auto own = [&](const std::string& name, uid_t uid) {
        REQUIRE(::lchown((tree.path() / name).c_str(), uid, uid) == 0);
    };
    own("database", 65534);
    CHECK(is_plain());
    own("database", 0);
    own("unix.socket", 65534);
    CHECK(is_plain());
    own("unix.socket", 0);
    {
        ContainerTable table(settings);
        CHECK(has_names(table, {"web"}));
        CHECK(count_of(log.take(), "web2") == 1);
    }
    std::filesystem::rename(tree.path() / "database", tree.path() / "data");
    std::filesystem::create_directory_symlink("data", tree.path() / "database");
    own("database", 65534);
    CHECK(is_plain());
}

TEST_CASE("a daemon that comes later and hangs takes no tick, and nothing of what is known") {
    const TempTree tree;
    for (const std::string name : {"web", "ghost"})
        tree.write("containers/" + name + "/backup.yaml", "");
    std::filesystem::create_directory(tree.path() / "database");
    DiscoverSettings settings;
    settings.lxcpaths = {tree.path() / "containers"};
    settings.managers = {10ms, 1h, 50ms}; // a tick that waits would wait for an hour
    settings.listing.period = 0ns;
    LogCapture log;
    ContainerTable table(settings);
    CHECK(has_names(table, {"ghost", "web"}));
    CHECK(table.managers().empty());
    const UnixDaemon daemon(tree.path() / "unix.socket"); // never answers
    std::string said;
    CHECK(becomes_true(table, [&] {
        said += log.take();
        return said.find("unix.socket does not answer") != std::string::npos;
    }));
    CHECK(has_names(table, {"ghost", "web"}));
    CHECK(count_of(said, "warning ") == 1);
    REQUIRE(table.managers().size() == 1);
    CHECK_FALSE(table.managers()[0].ok);
}

TEST_CASE("LXD before 4.20, which can't list all projects, is no trouble") {
    const TempTree tree;
    for (const std::string name : {"web", "ghost"})
        tree.write("containers/" + name + "/backup.yaml", "");
    std::filesystem::create_directory(tree.path() / "database");
    UnixDaemon daemon(tree.path() / "unix.socket");
    daemon.answer_well(R"({"metadata":{"api_extensions":["metrics"],"environment":{"server_name":"me"}}})",
                       instance("web"));
    DiscoverSettings settings;
    settings.lxcpaths = {tree.path() / "containers"};
    settings.managers.period = 10ms;
    LogCapture log;
    ContainerTable table(settings);
    for (int round = 0; round < 5; ++round)
        CHECK(has_names(table, {"ghost", "web"}));
    REQUIRE(table.managers().size() == 1);
    CHECK(table.managers()[0].ok);
    CHECK(table.managers()[0].message.find("unix.socket: this LXD is older than 4.20 and can't list all "
                                           "projects: containers that have left are not known") !=
          std::string::npos);
    const std::string said = log.take();
    CHECK(count_of(said, "info ") == 1);
    CHECK(count_of(said, "older than 4.20") == 1);
    CHECK(count_of(said, "warning ") == 0);
}

TEST_CASE("LXD is not asked on a host without containers of its own") {
    const TempTree tree;
    std::filesystem::create_directories(tree.path() / "containers");
    std::filesystem::create_directory(tree.path() / "database");
    DiscoverSettings settings;
    settings.lxcpaths = {tree.path() / "containers"};
    LogCapture log;
    ContainerTable table(settings);
    CHECK(has_names(table, {}));
    CHECK(table.managers().empty());
    CHECK(log.take().empty());
}

TEST_SUITE_END();
