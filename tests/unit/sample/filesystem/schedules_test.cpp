// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/watched_filesystems.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <fcntl.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::count_of;
using test::minute;
using test::second;
using Watched = test::WatchedFilesystems;
using Outcome = ContainerFilesystems::Outcome;

TEST_CASE("the first scan is due at once, later scans once in each interval") {
    Watched c;
    CHECK(c.is_due());
    CHECK(c.is_due()); // until it takes place
    static_cast<void>(c.answer());
    int scans = 0;
    for (int tick = 0; tick < 60; ++tick) {
        c.now_ns += 10 * second;
        if (c.is_due()) {
            ++scans;
            static_cast<void>(c.answer());
        }
    }
    CHECK(scans == 10);
    CHECK(c.filesystems.is_due(c.now_ns, c.now_ns, std::chrono::nanoseconds(0)));
}

TEST_CASE("scans go on after the wall clock is set") {
    Watched c;
    static_cast<void>(c.answer());
    CHECK(c.filesystems.is_due(c.now_ns - 100'000 * second, c.now_ns, minute));
    CHECK(c.filesystems.is_due(c.now_ns + 100'000 * second, c.now_ns, minute));
    CHECK(c.filesystems.is_due(-30 * second, c.now_ns, minute)); // 1969
}

TEST_CASE("the scans of a thousand containers are spread over the interval") {
    std::map<std::int64_t, int> due_at;
    DeviceNames devices(AT_FDCWD);
    HostFilesystems host;
    const auto reply = std::make_unique<FilesystemReply>();
    for (std::uint64_t id = 1; id <= 1000; ++id) {
        SeriesNames names;
        ContainerFilesystems filesystems("container c", id, names);
        PointBuffer points;
        filesystems.take(
            Outcome::answered, *reply, {}, 0,
            {fields_of("lxc_fs"), {}, {600 * second, 600 * second, 600 * second}, devices, points, host});
        for (std::int64_t tick = 610; tick <= 660; tick += 10)
            if (filesystems.is_due(tick * second, 0, minute)) {
                ++due_at[tick];
                break;
            }
    }
    CHECK(due_at.size() == 6);
    for (const auto& [tick, count] : due_at) {
        const auto at = tick; // a structured binding can't be captured
        CAPTURE(at);
        CHECK(count > 150);
        CHECK(count < 185);
    }
}

TEST_CASE("the time of the last scan is known for each kind of scan") {
    Watched c;
    CHECK(c.filesystems.last_scan_ns(false) == INT64_MIN);
    CHECK_FALSE(c.filesystems.may_hang());
    c.reply->root_may_hang = true;
    static_cast<void>(c.answer());
    CHECK(c.filesystems.last_scan_ns(false) == c.now_ns);
    CHECK(c.filesystems.last_scan_ns(true) == INT64_MIN); // no risky scan yet
    CHECK(c.filesystems.may_hang());
}

TEST_CASE("filesystems that may hang have their own scan, which stays pending until it succeeds") {
    Watched c;
    c.add("/", 1);
    c.reply->has_risky = true;
    CHECK(count_of(c.answer(), "\n") == 1);
    CHECK(c.filesystems.needs_risky_scan());
    CHECK_FALSE(c.is_due()); // the first scan is not repeated
    c.hang("/mnt/nfs", 7, true);
    CHECK(c.filesystems.needs_risky_scan());
    CHECK(count_of(c.log.take(), "/mnt/nfs timed out") == 1);

    CHECK(c.left_alone() == std::vector<std::uint64_t>{7});
    CHECK(count_of(c.answer(), "\n") == 1);
    c.reply->clear();
    c.reply->has_risky = true;
    c.add("/mnt/other", 8);
    CHECK(count_of(c.answer(true), "mountpoint=/mnt/other ") == 1);
    CHECK_FALSE(c.filesystems.needs_risky_scan());
    CHECK_FALSE(c.is_due());

    // Only the risky scan shows that it answers again.
    c.now_ns += 301 * second;
    CHECK(c.log.take().empty());
    c.reply->clear();
    c.reply->has_risky = true;
    static_cast<void>(c.answer());
    CHECK_FALSE(c.filesystems.is_well());
    CHECK(c.log.take().empty());
    c.add("/mnt/nfs", 7);
    static_cast<void>(c.answer(true));
    CHECK(c.log.take() == "info container c: its filesystem /mnt/nfs answers again\n");
    CHECK(c.filesystems.is_well());
}

TEST_CASE("a filesystem that hung in a risky scan and is unmounted is forgotten") {
    Watched c;
    c.hang("/mnt/nfs", 7, true);
    c.now_ns += 301 * second;
    static_cast<void>(c.log.take());
    static_cast<void>(c.answer()); // nothing risky is left
    CHECK(c.filesystems.is_well());
    CHECK(c.log.take().empty());
}

TEST_CASE("a fault of the risky scan is logged once, whatever the first scan returns") {
    Watched c;
    c.reply->has_risky = true;
    for (int round = 0; round < 3; ++round) {
        c.reply->clear();
        c.reply->has_risky = true;
        static_cast<void>(c.answer());
        c.add("/mnt/nfs", 7).error = ESTALE;
        static_cast<void>(c.answer(true));
        CHECK(count_of(c.log.take(), "/mnt/nfs can't be read: Stale file handle") == (round == 0 ? 1 : 0));
    }
}
