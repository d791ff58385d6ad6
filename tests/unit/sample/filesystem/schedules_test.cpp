#include "support/watched_filesystems.hpp"

#include <doctest/doctest.h>

#include <cerrno>
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

TEST_CASE("the first look is at once, later ones once in each interval") {
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
    CHECK(c.watch.is_due(c.now_ns, c.now_ns, std::chrono::nanoseconds(0)));
}

TEST_CASE("a wall clock that is set stops no looks") {
    Watched c;
    static_cast<void>(c.answer());
    CHECK(c.watch.is_due(c.now_ns - 100'000 * second, c.now_ns, minute));
    CHECK(c.watch.is_due(c.now_ns + 100'000 * second, c.now_ns, minute));
    CHECK(c.watch.is_due(-30 * second, c.now_ns, minute)); // 1969, as good as any
}

TEST_CASE("a thousand containers have their turns spread over the interval") {
    std::map<std::int64_t, int> due_at;
    const auto reply = std::make_unique<FilesystemReply>();
    for (std::uint64_t id = 1; id <= 1000; ++id) {
        ContainerFilesystems watch("container c", id);
        PointBuffer points;
        watch.take(Outcome::answered, *reply, {}, 0, {fields_of("lxc_fs"), {}, 600 * second, points});
        for (std::int64_t tick = 610; tick <= 660; tick += 10)
            if (watch.is_due(tick * second, 0, minute)) {
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

TEST_CASE("who has waited longest goes first") {
    Watched c;
    CHECK(c.watch.last_scan_ns(false) == INT64_MIN);
    CHECK_FALSE(c.watch.may_hang());
    c.reply->root_may_hang = true;
    static_cast<void>(c.answer());
    CHECK(c.watch.last_scan_ns(false) == c.now_ns);
    CHECK(c.watch.last_scan_ns(true) == INT64_MIN); // that is another look
    CHECK(c.watch.may_hang());
}

TEST_CASE("filesystems that may hang have a look of their own, which stays owed until it succeeds") {
    Watched c;
    c.add("/", 1);
    c.reply->has_risky = true;
    CHECK(count_of(c.answer(), "\n") == 1);
    CHECK(c.watch.owes_risky());
    CHECK_FALSE(c.is_due()); // but not the first look once more
    c.hang("/mnt/nfs", 7, true);
    CHECK(c.watch.owes_risky());
    CHECK(count_of(c.log.take(), "/mnt/nfs did not end in time") == 1);

    CHECK(c.left_alone() == std::vector<std::uint64_t>{7});
    CHECK(count_of(c.answer(), "\n") == 1);
    c.reply->clear();
    c.reply->has_risky = true;
    c.add("/mnt/other", 8);
    CHECK(count_of(c.answer(true), "mountpoint=/mnt/other ") == 1);
    CHECK_FALSE(c.watch.owes_risky());
    CHECK_FALSE(c.is_due());

    // The first look says nothing of it, the risky one that it answers again.
    c.now_ns += 301 * second;
    CHECK(c.log.take().empty());
    static_cast<void>(c.answer());
    CHECK_FALSE(c.watch.is_well());
    CHECK(c.log.take().empty());
    c.add("/mnt/nfs", 7);
    static_cast<void>(c.answer(true));
    CHECK(c.log.take() == "info container c: its filesystem /mnt/nfs answers again\n");
    CHECK(c.watch.is_well());
}

TEST_CASE("what hung in a risky look and is mounted no more is forgotten") {
    Watched c;
    c.hang("/mnt/nfs", 7, true);
    c.now_ns += 301 * second;
    static_cast<void>(c.log.take());
    static_cast<void>(c.answer()); // nothing risky is left
    CHECK(c.watch.is_well());
    CHECK(c.log.take().empty());
}

TEST_CASE("a fault in the risky look is said once, whatever the first look says") {
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
