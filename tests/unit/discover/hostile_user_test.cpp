// SPDX-License-Identifier: GPL-2.0-or-later
// What users can try who own an lxcpath, or none.
#include "support/child.hpp"
#include "support/encoded.hpp"
#include "support/hung_exec.hpp"
#include "support/log_capture.hpp"
#include "support/temp_tree.hpp"
#include "support/user_monitor.hpp"
#include "support/user_path.hpp"

#include "discover/container_table.hpp"
#include "discover/lxcpath_owner.hpp"
#include "discover/monitors/peer.hpp"
#include "discover/user_rights.hpp"
#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <thread>
#include <vector>

using namespace lxcmon::discover;
using lxcmon::test::Child;
using lxcmon::test::claims;
using lxcmon::test::count_of;
using lxcmon::test::HungExec;
using lxcmon::test::LogCapture;
using lxcmon::test::names_after_refresh;
using lxcmon::test::TempTree;
using lxcmon::test::UserMonitor;
using lxcmon::test::UserPath;

namespace {

constexpr uid_t hostile_user = 65534;

/// Mounts a FUSE filesystem of the user's whose server never answers; its root claims to be root's.
bool mount_for_user(int fuse, const std::string& place) {
    const std::string id = std::to_string(hostile_user);
    const std::string options =
        "fd=" + std::to_string(fuse) + ",rootmode=40000,user_id=" + id + ",group_id=" + id + ",allow_other";
    return ::mount("server", place.c_str(), "fuse.test", 0, options.c_str()) == 0;
}

bool has_own_mounts() {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool mount_for_user(const std::string& place) {
    return has_own_mounts() && mount_for_user(::open("/dev/fuse", O_RDWR | O_CLOEXEC), place);
}

/// Mounts and unmounts filesystems of the user's without end, each on top of the last one.
void mount_again_and_again(const std::string& place, const std::atomic<bool>& ends) {
    while (!ends) {
        std::vector<lxcmon::io::UniqueFd> servers;
        for (int number = 0; number < 40; ++number) {
            servers.emplace_back(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
            static_cast<void>(mount_for_user(servers.back().get(), place));
        }
        for (std::size_t number = 0; number < servers.size(); ++number)
            ::umount2(place.c_str(), MNT_DETACH);
    }
}

DiscoverSettings hostile_settings(const std::vector<std::string>& lxcpaths,
                                  std::chrono::milliseconds deadline) {
    DiscoverSettings settings{lxcpaths, {}, {}};
    settings.listing.foreign_period = std::chrono::nanoseconds(0);
    settings.liblxc = {deadline, std::chrono::milliseconds(10), std::chrono::seconds(30)};
    return settings;
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a FUSE filesystem that a user has mounted is the user's, and is not entered") {
    const TempTree tree;
    const std::string home = tree.path() / "home";
    REQUIRE(std::filesystem::create_directory(home));
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(10); // ends a hang
        if (!mount_for_user(home))
            ::_exit(2);
        const auto found = lxcpath_owner(home + "/lxc");
        ::_exit(found && found->owner == LxcOwner{hostile_user, hostile_user} && found->may_hang ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a FUSE filesystem is the user's also if it is mounted while the owner is looked for") {
    const TempTree tree;
    const std::string home = tree.path() / "home";
    REQUIRE(std::filesystem::create_directory(home));
    REQUIRE(::chown(home.c_str(), hostile_user, hostile_user) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60); // ends a hang
        if (!has_own_mounts())
            ::_exit(2);
        std::atomic<bool> ends{false};
        std::thread user([&] { mount_again_and_again(home, ends); });
        int users = 0, roots = 0;
        for (int turn = 0; turn < 1000; ++turn)
            if (const auto found = lxcpath_owner(home))
                ++(found->owner.uid == hostile_user ? users : roots);
        ends = true;
        user.join();
        ::_exit(roots != 0 ? 1 : users == 0 ? 3 : 0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("an lxcpath that another user gets is said, and its containers are dropped") {
    const UserPath place;
    LogCapture log;
    DiscoverSettings settings = place.settings();
    settings.listing.foreign_period = std::chrono::nanoseconds(0);
    ContainerTable table(settings);
    REQUIRE(names_after_refresh(table) == lxcmon::test::TableNames{"steady", "good"});
    const std::uint64_t before = table.containers()[1]->id;
    REQUIRE(::chown(place.path().c_str(), 0, 0) == 0);
    REQUIRE(names_after_refresh(table) == lxcmon::test::TableNames{"steady", "good"});
    CHECK(table.containers()[1]->id != before);
    CHECK(log.take().find(place.path() + ": it was uid 65534's and is uid 0's now") != std::string::npos);
    REQUIRE(::chown(place.path().c_str(), hostile_user, hostile_user) == 0);
    REQUIRE(names_after_refresh(table) == lxcmon::test::TableNames{"steady", "good"});
    CHECK(log.take().find(place.path() + ": it was uid 0's and is uid 65534's now") != std::string::npos);
    REQUIRE(table.liblxc_pid(hostile_user) > 0);
}

TEST_CASE("a user's folder is never touched by the agent itself") {
    const TempTree tree;
    const std::string home = tree.path() / "home";
    REQUIRE(std::filesystem::create_directory(home));
    REQUIRE(::chmod(tree.path().c_str(), 0755) == 0);
    const Child agent(0, [&] {
        ::alarm(10); // ends a hang
        if (!mount_for_user(home))
            return false;
        const LogCapture log;
        ContainerTable table(hostile_settings({home + "/lxc"}, std::chrono::milliseconds(100)));
        for (int round = 0; round < 3; ++round)
            table.refresh();
        return table.faults().size() == 1;
    });
}

TEST_CASE("an lxcpath that hung waits until the containers of its owner are listed") {
    const TempTree tree;
    const std::string home = tree.path() / "home";
    REQUIRE(std::filesystem::create_directory(home));
    REQUIRE(::chmod(tree.path().c_str(), 0755) == 0);
    const std::string other = tree.path() / "other";
    const auto define = [&](const std::string& name) {
        tree.write("other/" + name + "/config", "lxc.rootfs.path = dir:/nowhere\n");
        for (const std::string& each : {other, other + "/" + name, other + "/" + name + "/config"})
            REQUIRE(::chown(each.c_str(), hostile_user, hostile_user) == 0);
    };
    define("web");
    const Child agent(0, [&] {
        ::alarm(60); // ends a hang
        if (!mount_for_user(home))
            return false;
        const LogCapture log;
        constexpr std::chrono::milliseconds deadline{5000};
        DiscoverSettings settings = hostile_settings({home + "/lxc", other}, deadline);
        settings.liblxc.wait = std::chrono::milliseconds(10);
        ContainerTable table(settings);
        table.refresh();
        if (table.faults().size() != 1 || table.containers().size() != 1)
            return false;
        define("db");
        const auto begin = std::chrono::steady_clock::now();
        while (table.containers().size() != 2)
            table.refresh();
        return std::chrono::steady_clock::now() - begin < deadline;
    });
}

TEST_CASE("a user's inits that hang in execve() delay no question about root's containers") {
    const UserPath place;
    const std::vector<std::string> names{"a", "b", "c", "d"};
    for (const std::string& name : names)
        place.define(name);
    const HungExec init(hostile_user);
    LogCapture log;
    DiscoverSettings settings = place.settings();
    settings.liblxc = {std::chrono::seconds(2), std::chrono::milliseconds(10), std::chrono::seconds(30)};
    ContainerTable table(settings);
    REQUIRE(names_after_refresh(table).size() == 2 + names.size());
    std::list<UserMonitor> monitors;
    for (const std::string& name : names)
        monitors.emplace_back(hostile_user, place.path(), name, claims(init.pid()));
    auto hung = [&, said = std::string()]() mutable {
        said += log.take();
        return lxcmon::test::count_of(said, "liblxc does not return within 2000 ms");
    };
    while (hung() == 0)
        table.refresh();
    place.roots().write("late/config", "lxc.rootfs.path = dir:/nowhere\n");
    while (std::ranges::count(names_after_refresh(table), "late") == 0)
        REQUIRE(static_cast<std::size_t>(hung()) < names.size());
    CHECK(static_cast<std::size_t>(hung()) < names.size());
}

TEST_CASE("a user can have so many containers and no more, and LXD's rule is not for users") {
    const TempTree tree;
    LogCapture log;
    REQUIRE(::chmod(tree.path().c_str(), 0755) == 0);
    std::filesystem::create_directories(tree.path() / "database");
    const auto names_in = [&](int count, bool with_configuration) {
        const std::filesystem::path lxcpath = tree.path() / ("lxc" + std::to_string(count));
        for (int number = 0; number < count; ++number) {
            const std::filesystem::path folder = lxcpath / std::to_string(number);
            std::filesystem::create_directories(folder);
            if (with_configuration)
                tree.write("lxc" + std::to_string(count) + "/" + std::to_string(number) + "/config", "");
        }
        REQUIRE(::chown(lxcpath.c_str(), hostile_user, hostile_user) == 0);
        DiscoverSettings settings{{lxcpath}, {}, {}};
        settings.liblxc.deadline = std::chrono::seconds(30);
        settings.liblxc.first_wait = std::chrono::seconds(30);
        ContainerTable table(settings);
        table.refresh();
        return table.containers().size() + table.left_out();
    };
    CHECK(names_in(3, false) == 0);
    CHECK(names_in(4, true) == 4);
    CHECK(names_in(1001, true) == 0);
    CHECK(log.take().find("it has 1001 containers, expected at most 1000") != std::string::npos);
}

TEST_CASE("a user's containers with names of root's fill no log") {
    const UserPath paths;
    for (int number = 0; number < 30; ++number) {
        const std::string name = "c" + std::to_string(number);
        paths.define(name);
        paths.roots().write(name + "/config", "lxc.rootfs.path = dir:/nowhere\n");
    }
    LogCapture log;
    ContainerTable table(paths.settings());
    CHECK(names_after_refresh(table).size() == 62);
    const std::string said = log.take();
    CHECK(count_of(said, "its points have the tag lxcpath") == 20);
    CHECK(count_of(said, "more messages about the containers of uid 65534") == 1);
}

TEST_CASE("an invalid uid gives no rights") {
    const auto no_uid = static_cast<uid_t>(-1);
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(take_rights_of({no_uid, no_uid}).find("no valid uid") == std::string::npos ? 1 : 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_SUITE_END();

TEST_CASE("an ignored listener is ignored for its own name alone") {
    // A name of a socket with a newline in it forges a line of /proc/net/unix, with any inode.
    IgnoredListeners ignored;
    ignored.start_round(10, 1);
    ignored.add("/var/lib/lxc", "zz", 7);
    CHECK(ignored.contains("/var/lib/lxc", "zz", 7));
    CHECK_FALSE(ignored.contains("/var/lib/lxc", "web", 7));
    CHECK_FALSE(ignored.contains("/var/lib/other", "zz", 7));
    CHECK_FALSE(ignored.contains("/var/lib/lxc", "zz", 8));
}
