// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/abstract_socket.hpp"
#include "support/child.hpp"
#include "support/encoded.hpp"
#include "support/fake_monitor.hpp"
#include "support/log_capture.hpp"
#include "support/refreshing.hpp"
#include "support/temp_tree.hpp"
#include "support/user_monitor.hpp"

#include "discover/container_table.hpp"
#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace lxcmon::discover;
using lxcmon::test::becomes_true;
using lxcmon::test::Child;
using lxcmon::test::claims;
using lxcmon::test::count_of;
using lxcmon::test::FakeMonitor;
using lxcmon::test::fill;
using lxcmon::test::listen_at;
using lxcmon::test::LogCapture;
using lxcmon::test::TempTree;
using lxcmon::test::UserMonitor;

// A user listens in place of a monitor, by the lxcpath's first path; root has started the container by a
// link.
namespace {

constexpr uid_t squatter = 65534;

class LinkedLxcpath {
  public:
    LinkedLxcpath() {
        tree_.write("real/web/config", "lxc.rootfs.path = dir:/nowhere\n");
        std::filesystem::create_directory_symlink("real", link());
    }
    [[nodiscard]] std::string real() const { return tree_.path() / "real"; }
    [[nodiscard]] std::string link() const { return tree_.path() / "link"; }
    /// Answers are taken in the round of their question.
    [[nodiscard]] DiscoverSettings settings() const {
        DiscoverSettings settings{{real()}, {}, {}};
        settings.liblxc = {20s, 30s, 30s};
        return settings;
    }

  private:
    TempTree tree_;
};

/// The squatter's listener at the monitor's socket of a container, which takes no connection.
class FullListener {
  public:
    explicit FullListener(const std::string& lxcpath) {
        REQUIRE(::seteuid(squatter) == 0); // SO_PEERCRED has the user of listen(), sock_diag that of socket()
        listener_ = listen_at(lxcpath + "/web/command", 0);
        REQUIRE(::seteuid(0) == 0);
        callers_ = fill(lxcpath + "/web/command");
    }

  private:
    lxcmon::io::UniqueFd listener_;
    std::vector<lxcmon::io::UniqueFd> callers_;
};

bool runs(const ContainerTable& table) {
    return table.containers().size() == 1 && table.containers()[0]->state == "RUNNING";
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a listener that takes no connection does not hide the monitor by another path") {
    const LinkedLxcpath lxcpath;
    const Child init;
    const UserMonitor monitor(0, lxcpath.link(), "web", claims(init.pid()));
    const FakeMonitor user(squatter, lxcpath.real(), "web", true);
    const auto callers = fill(lxcpath.real() + "/web/command");
    ContainerTable table(lxcpath.settings());
    table.refresh();
    CHECK(runs(table));
}

TEST_CASE("a new socket of a user's in each round does not hide the monitor by another path") {
    const LinkedLxcpath lxcpath;
    const Child init;
    DiscoverSettings settings = lxcpath.settings();
    settings.listing = {1h, 0ns}; // not in the round of the start
    const LogCapture log;
    const FakeMonitor other(0, lxcpath.link(), "other"); // the link is known by this
    ContainerTable table(settings);
    std::unique_ptr<FakeMonitor> user;
    const auto refresh = [&] {
        user.reset(); // the name is free then
        user = std::make_unique<FakeMonitor>(squatter, lxcpath.real(), "web");
        table.refresh();
    };
    refresh();
    REQUIRE(table.containers().size() == 1);
    CHECK(table.containers()[0]->state == "STOPPED");
    const UserMonitor monitor(0, lxcpath.link(), "web", claims(init.pid()));
    refresh();
    CHECK(runs(table));
}

TEST_CASE("nor if the answers come late, when the user's socket is a new one again") {
    const LinkedLxcpath lxcpath;
    const Child init;
    const UserMonitor monitor(0, lxcpath.link(), "web", claims(init.pid()));
    DiscoverSettings settings = lxcpath.settings();
    settings.liblxc = {20s, 0ms, 0ms};
    ContainerTable table(settings);
    std::unique_ptr<FakeMonitor> user;
    CHECK(becomes_true(table, [&] {
        user.reset();
        user = std::make_unique<FakeMonitor>(squatter, lxcpath.real(), "web");
        return runs(table);
    }));
}

TEST_CASE("a user's listener that takes no connection hides no stopped container") {
    TempTree tree;
    const std::string lxcpath = tree.path();
    tree.write("web/config", "lxc.rootfs.path = dir:/nowhere\n");
    DiscoverSettings settings{{lxcpath}, {}, {}};
    settings.liblxc = {20s, 30s, 30s};
    LogCapture log;
    ContainerTable table(settings);
    const auto is_stopped = [&] {
        table.refresh();
        return table.left_out() == 0 && table.containers().size() == 1 &&
               table.containers()[0]->state == "STOPPED";
    };
    CHECK(is_stopped());
    for (int round = 0; round < 8; ++round) {
        const FullListener squatting(lxcpath); // a new socket in each round
        CHECK(is_stopped());
        CHECK(is_stopped());
    }
    CHECK(is_stopped());
    CHECK(count_of(log.take(), "web") <= 2);
    // The monitor is asked once it is there.
    const Child init;
    const UserMonitor monitor(0, lxcpath, "web", claims(init.pid()));
    table.refresh();
    CHECK(runs(table));
}

TEST_CASE("thousands of a user's sockets hide no path by which root starts containers") {
    constexpr rlim_t enough = 16'384;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit more{enough, std::max(enough, before.rlim_max)};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &more) == 0);
    {
        const LinkedLxcpath lxcpath;
        std::vector<lxcmon::io::UniqueFd> sockets;
        REQUIRE(::seteuid(squatter) == 0); // SO_PEERCRED has the user of listen()
        for (int number = 0; number < 5'000; ++number)
            sockets.push_back(listen_at("/0/" + std::to_string(number) + "/command")); // in front of the link
        REQUIRE(::seteuid(0) == 0);
        const Child init;
        const UserMonitor monitor(0, lxcpath.link(), "web", claims(init.pid()));
        const LogCapture log;
        ContainerTable table(lxcpath.settings());
        CHECK(becomes_true(table, [&] { return runs(table); }));
    }
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_SUITE_END();
