// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/temp_tree.hpp"
#include "support/watched_filesystems.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::count_of;
using test::minute;
using test::second;
using Watched = test::WatchedFilesystems;
using Outcome = ContainerFilesystems::Outcome;

TEST_CASE("each filesystem is a point") {
    Watched c;
    c.add("/", 1);
    c.add("/tmp", 2);
    const std::string lines = c.answer();
    CHECK(count_of(lines, "\n") == 2);
    CHECK(count_of(lines, "mountpoint=/ ") == 1);
    CHECK(count_of(lines, "mountpoint=/tmp ") == 1);
    CHECK(c.filesystems.is_well());
    CHECK(c.log.take().empty());
}

TEST_CASE(
    "a filesystem that hangs is logged once, left alone for 5 minutes, and logged when it answers again") {
    Watched c;
    c.hang("/mnt/nfs", 7);
    CHECK(c.log.take() ==
          "warning container c: reading its filesystem /mnt/nfs timed out; it is left out for 5 minutes\n");
    CHECK_FALSE(c.filesystems.is_well());
    CHECK(c.filesystems.may_hang());
    CHECK(c.is_due()); // for its other filesystems
    c.now_ns += 299 * second;
    CHECK(c.left_alone() == std::vector<std::uint64_t>{7});
    c.add("/", 1);
    CHECK(count_of(c.answer(), "mountpoint=/ ") == 1);

    c.now_ns += 2 * second;
    CHECK(c.left_alone().empty());
    c.hang("/mnt/nfs", 7); // not logged again
    CHECK(c.left_alone() == std::vector<std::uint64_t>{7});
    CHECK(c.log.take().empty());

    c.now_ns += 301 * second;
    c.add("/mnt/nfs", 7);
    CHECK(count_of(c.answer(), "\n") == 2);
    CHECK(c.log.take() == "info container c: its filesystem /mnt/nfs answers again\n");
    CHECK(c.filesystems.is_well());
    c.hang("/mnt/nfs", 7);
    CHECK(count_of(c.log.take(), "/mnt/nfs timed out") == 1);
}

TEST_CASE("a filesystem that is unmounted or broken after a hang is not logged as answering again") {
    Watched c;
    c.hang("/gone", 7);
    c.hang("/broken", 8);
    c.now_ns += 301 * second;
    static_cast<void>(c.log.take());
    c.add("/broken", 8).error = ENOTCONN;
    CHECK(c.answer().empty());
    CHECK(c.log.take() == "warning container c: its filesystem /broken can't be read: Transport endpoint is "
                          "not connected\n");
    CHECK(c.left_alone().empty());
    CHECK(c.answer().empty());
    CHECK(c.log.take().empty()); // logged before
    c.reply->filesystems[0].error = 0;
    CHECK(count_of(c.answer(), "\n") == 1);
    CHECK(c.filesystems.is_well());
}

TEST_CASE("a helper that did not get to the filesystems in time does not pause the container") {
    Watched c;
    static_cast<void>(c.left_alone());
    CHECK(c.take(Outcome::hung).empty());
    CHECK(count_of(c.log.take(), "container c: the helper process did not get to its filesystems in time") ==
          1);
    CHECK_FALSE(c.filesystems.is_well());
    CHECK(c.is_due());
    c.add("/", 1);
    CHECK(count_of(c.answer(), "mountpoint=/ ") == 1);
    CHECK(c.filesystems.is_well());
}

TEST_CASE("a container with many filesystems that hang is paused as a whole") {
    Watched c;
    for (std::uint64_t device = 1; device <= max_left_alone; ++device) {
        CHECK(c.is_due());
        c.hang("/m" + std::to_string(device), device);
        c.now_ns += second;
    }
    CHECK(count_of(c.log.take(), "too many of its filesystems hang, all of them are left out") == 1);
    CHECK_FALSE(c.is_due());
    c.now_ns += 300 * second;
    CHECK(c.is_due());
    // New mounts do not make the list longer.
    for (std::uint64_t device = 11; device <= 20; ++device)
        c.hang("/n", device);
    CHECK(c.left_alone().size() == max_left_alone);
    CHECK_FALSE(c.is_due());
}

TEST_CASE("a list of mounts that hangs pauses the container") {
    Watched c;
    for (int round = 0; round < 2; ++round) {
        static_cast<void>(c.left_alone());
        CHECK(c.take(Outcome::hung, {Stage::mount_list, 0, ""}).empty());
        CHECK(count_of(c.log.take(), "reading its list of mounts timed out") == (round == 0 ? 1 : 0));
        CHECK_FALSE(c.is_due());
        c.now_ns += 301 * second;
        CHECK(c.is_due());
    }
    static_cast<void>(c.answer());
    CHECK(c.log.take() == "info container c: its list of mounts can be read again\n");
    CHECK(c.filesystems.is_well());
}

TEST_CASE("a slow filesystem is logged, and read at most once a minute") {
    Watched c;
    c.add("/", 1);
    c.add("/slow", 2).took_nsec = 150'000'000;
    CHECK(count_of(c.answer(), "\n") == 2);
    CHECK(count_of(c.log.take(), "container c: its filesystems took 150 ms to answer, /slow alone 150 ms;") ==
          1);
    CHECK(c.filesystems.may_hang());
    c.now_ns += 59 * second;
    CHECK_FALSE(c.filesystems.is_due(c.now_ns, c.now_ns, std::chrono::nanoseconds(0)));
    c.now_ns += 2 * second;
    CHECK(c.filesystems.is_due(c.now_ns, c.now_ns, std::chrono::nanoseconds(0)));
    CHECK(count_of(c.answer(), "\n") == 2);
    CHECK(c.log.take().empty());
}

TEST_CASE("many filesystems that are a little slow count as slow together") {
    Watched c;
    c.reply->list_nsec = 60'000'000;
    c.add("/", 1).took_nsec = 30'000'000;
    c.add("/srv", 2).took_nsec = 20'000'000;
    static_cast<void>(c.answer());
    CHECK(count_of(c.log.take(), "container c: its filesystems took 110 ms to answer, the list of its mounts "
                                 "alone 60 ms;") == 1);
    CHECK_FALSE(c.filesystems.is_due(c.now_ns, c.now_ns, std::chrono::nanoseconds(0)));
}

TEST_CASE("filesystems that are left out are logged once") {
    Watched c;
    c.reply->left_out = 3;
    static_cast<void>(c.answer());
    CHECK(count_of(c.log.take(), "container c: 3 of its filesystems are left out") == 1);
    static_cast<void>(c.answer());
    CHECK(c.log.take().empty());
}

TEST_CASE("a tenant that always mounts new filesystems makes a limited number of series") {
    Watched c;
    std::size_t sent = 0;
    for (int round = 0; round < 600; ++round) {
        c.reply->clear();
        c.add("/", 1);
        c.add("/m", 2, "source-" + std::to_string(round));
        sent += count_of(c.answer(), "mountpoint=/m ");
        CHECK(count_of(c.answer(), "mountpoint=/ ") == 1);
    }
    CHECK(sent == 511);
    CHECK(count_of(c.log.take(), "it has too many different filesystems") == 1);
}

TEST_CASE("of two filesystems that are equal in the points, the first is sent") {
    Watched c;
    c.add("/a\\b", 1);
    c.add("/a/b", 2);
    c.add("/a\001", 3);
    for (int round = 0; round < 2; ++round) {
        const std::string lines = c.answer();
        CHECK(count_of(lines, "mountpoint=/a/b ") == 1);
        CHECK(count_of(lines, "mountpoint=/a_ ") == 1);
        CHECK(count_of(lines, "\n") == 2);
        CHECK(count_of(c.log.take(),
                       "its filesystem /a/b is left out: its mount point is sent as /a/b, like that of "
                       "its filesystem /a\\\\b\n") == (round == 0 ? 1 : 0));
    }
}

TEST_CASE("a risky filesystem does not repeat the name of another") {
    Watched c;
    c.add("/a_", 1);
    c.reply->has_risky = true;
    CHECK(count_of(c.answer(), "mountpoint=/a_ ") == 1);
    c.reply->clear();
    c.reply->has_risky = true;
    c.add("/a\001", 2);
    CHECK(c.answer(true).empty());
    CHECK(count_of(c.log.take(), "/a\\x01 is left out: its mount point is sent as /a_, like that of another "
                                 "filesystem\n") == 1);
}

TEST_CASE("mounts that can't be read and a helper that ends are logged once") {
    Watched c;
    c.reply->error = EACCES;
    for (int round = 0; round < 2; ++round) {
        CHECK(c.answer().empty());
        CHECK(count_of(c.log.take(), "its mounts can't be read: Permission denied") == (round == 0 ? 1 : 0));
    }
    CHECK_FALSE(c.filesystems.is_well());
    CHECK(c.take(Outcome::broken).empty());
    CHECK(count_of(c.log.take(), "the helper process ended") == 1);
    c.reply->clear();
    c.reply->error = ESRCH;
    CHECK(c.answer().empty());
    CHECK(c.log.take().empty());
}

TEST_CASE("a block device with an unclean name has its number, as in lxc_io") {
    const test::TempTree tree;
    std::filesystem::create_directories(tree.path() / "sys/dev/block");
    std::filesystem::create_symlink("../../block/s\001", tree.path() / "sys/dev/block/8:1");
    Watched c;
    c.devices = DeviceNames(tree.fd());
    c.add("/", std::uint64_t{8} << 32U | 1U);
    c.add("/tmp", 7);
    const std::string lines = c.answer();
    CHECK(count_of(lines, "block_device=\"8:1\"") == 1);
    CHECK(count_of(lines, "block_device=") == 1);
}
