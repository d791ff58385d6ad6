// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/fake_monitor.hpp"
#include "support/log_capture.hpp"
#include "support/refreshing.hpp"
#include "support/temp_tree.hpp"

#include "discover/container_table.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

using namespace lxcmon::discover;
using lxcmon::Container;
using lxcmon::test::becomes_true;
using lxcmon::test::count_of;
using lxcmon::test::FakeMonitor;
using lxcmon::test::LogCapture;
using lxcmon::test::TempTree;

// Paths that lead to one folder. tests/integration/test_lxcpaths.py has the running containers.
namespace {

constexpr const char* stopped_config = "lxc.rootfs.path = dir:/nowhere\n";
using Places = std::vector<std::string>;

/// Name, lxcpath and state of each container.
Places places_of(const ContainerTable& table) {
    Places places;
    for (const Container* each : table.containers())
        places.push_back(place_of(*each) + ' ' + each->state);
    return places;
}

Places places_after_refresh(ContainerTable& table) {
    table.refresh();
    return places_of(table);
}

bool shows_places(ContainerTable& table, const Places& places) {
    return becomes_true(table, [&] { return places_of(table) == places; });
}

ListingSettings always_due() {
    return {std::chrono::nanoseconds(0), std::chrono::nanoseconds(0)};
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a folder with two paths is one lxcpath, the first") {
    const TempTree tree, other;
    const std::string real = tree.path() / "real", link = tree.path() / "link";
    tree.write("real/web/config", stopped_config);
    other.write("db/config", stopped_config);
    std::filesystem::create_directory_symlink("real", link);
    LogCapture log;
    ContainerTable table(
        DiscoverSettings{{link, real, tree.path() / "real/../real"}, {}, {}, {}, {}, always_due()});
    for (int round = 0; round < 3; ++round) {
        CHECK(places_after_refresh(table) == Places{link + "/web STOPPED"});
        CHECK(table.left_out() == 0);
        CHECK(count_of(log.take(), "is the same folder as " + link + ":") == (round == 0 ? 2 : 0));
    }
    // The link leads elsewhere: each has its own.
    std::filesystem::remove(link);
    std::filesystem::create_directory_symlink(other.path(), link);
    CHECK(shows_places(table, {link + "/db STOPPED", real + "/web STOPPED"}));
}

TEST_CASE("if the first path of a folder goes, the second has its containers") {
    const TempTree tree;
    const std::string real = tree.path() / "real", link = tree.path() / "link";
    tree.write("real/web/config", stopped_config);
    std::filesystem::create_directory_symlink("real", link);
    LogCapture log;
    ContainerTable table(DiscoverSettings{{link, real}, {}, {}, {}, {}, always_due()});
    CHECK(shows_places(table, {link + "/web STOPPED"}));
    std::filesystem::remove(link);
    tree.write("real/new/config", stopped_config);
    CHECK(shows_places(table, {real + "/new STOPPED", real + "/web STOPPED"}));
}

TEST_CASE(
    "a monitor is found by any path of its lxcpath, if it is root's and only root decides on the path") {
    const TempTree tree, user;
    const std::string real = tree.path() / "real", link = tree.path() / "link",
                      users_link = user.path() / "link";
    for (const std::string name : {"steady", "web"})
        tree.write("real/" + name + "/config", stopped_config);
    std::filesystem::create_directory_symlink(real, link);
    std::filesystem::create_directory_symlink(real, users_link);
    REQUIRE(::chown(user.path().c_str(), 65534, 65534) == 0);
    const auto places = [&] {
        ContainerTable table(DiscoverSettings{{real}, {}, {}});
        return places_after_refresh(table);
    };
    const Places both{real + "/steady STOPPED", real + "/web STOPPED"};
    LogCapture log;
    CHECK(places() == both);
    {
        const FakeMonitor of_user(65534, link, "web");
        CHECK(places() == both);
        const FakeMonitor by_users_link(0, users_link, "web");
        CHECK(places() == both);
    }
    {
        // /proc is no filesystem of a disk: what is behind such a mount may hang, and is not looked at.
        const FakeMonitor behind_a_mount(0, "/proc/1/root" + real, "web");
        CHECK(places() == both);
    }
    const FakeMonitor monitor(0, link, "web"); // gives no state: its container is left out
    CHECK(places() == Places{real + "/steady STOPPED"});
    const FakeMonitor unknown(0, link, "executed");
    ContainerTable table(DiscoverSettings{{real}, {}, {}});
    CHECK(places_after_refresh(table) == Places{real + "/steady STOPPED"});
    CHECK(table.left_out() == 2);
}

TEST_SUITE_END();
