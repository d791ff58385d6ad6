#include "support/encoded.hpp"
#include "support/log_capture.hpp"

#include "sample/filesystem_watch.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::count_of;
using Outcome = FilesystemWatch::Outcome;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::chrono::seconds minute{60};

/// A watch, and a helper's answers to it. Its clock is set by the test.
struct Watched {
    FilesystemWatch watch{"container c", 1};
    std::unique_ptr<FilesystemReply> reply = std::make_unique<FilesystemReply>();
    std::int64_t now_ns = 1000 * second;
    test::LogCapture log{};

    Filesystem& add(const std::string& mount_point, std::uint64_t device, const std::string& source = "d") {
        Filesystem* const added = reply->add({1, device, false, mount_point, source, "ext4"});
        REQUIRE(added != nullptr);
        added->block_bytes = 1, added->blocks = 2, added->blocks_free = 1;
        return *added;
    }
    std::vector<std::uint64_t> left_alone(bool risky = false) {
        NamespaceRequest request;
        watch.prepare(request, risky, now_ns);
        return {request.left_alone.begin(), request.left_alone.begin() + request.left_alone_count};
    }
    std::string take(Outcome outcome, const HangPlace& hang = {}) {
        PointBuffer points;
        watch.take(outcome, *reply, hang, now_ns, {fields_of("lxc_fs"), {}, now_ns, points});
        return test::encoded(points);
    }
    /// A look that hangs at this mount.
    void hang(const std::string& mount_point, std::uint64_t device, bool risky = false) {
        static_cast<void>(left_alone(risky));
        CHECK(take(Outcome::hung, {Stage::mount, device, mount_point}).empty());
    }
    std::string answer(bool risky = false) {
        static_cast<void>(left_alone(risky));
        return take(Outcome::answered);
    }
    [[nodiscard]] bool is_due() const { return watch.is_due(now_ns, now_ns, minute); }
};

} // namespace

TEST_CASE("each filesystem is a point") {
    Watched c;
    c.add("/", 1);
    c.add("/tmp", 2);
    const std::string lines = c.answer();
    CHECK(count_of(lines, "\n") == 2);
    CHECK(count_of(lines, "mountpoint=/ ") == 1);
    CHECK(count_of(lines, "mountpoint=/tmp ") == 1);
    CHECK(c.watch.is_well());
    CHECK(c.log.take().empty());
}

TEST_CASE("the first look is at once, later ones once in each interval") {
    Watched c;
    CHECK(c.is_due());
    CHECK(c.is_due()); // until it takes place
    static_cast<void>(c.answer());
    int looks = 0;
    for (int tick = 0; tick < 60; ++tick) {
        c.now_ns += 10 * second;
        if (c.is_due()) {
            ++looks;
            static_cast<void>(c.answer());
        }
    }
    CHECK(looks == 10);
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
        FilesystemWatch watch("container c", id);
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

TEST_CASE("a filesystem that hangs is named once, left alone for 5 minutes, and said to answer again") {
    Watched c;
    c.hang("/mnt/nfs", 7);
    CHECK(c.log.take() == "warning container c: reading its filesystem /mnt/nfs did not end in time; it is "
                          "left alone for 5 minutes\n");
    CHECK_FALSE(c.watch.is_well());
    CHECK(c.watch.may_hang());
    CHECK(c.is_due()); // its others are owed a look
    c.now_ns += 299 * second;
    CHECK(c.left_alone() == std::vector<std::uint64_t>{7});
    c.add("/", 1);
    CHECK(count_of(c.answer(), "mountpoint=/ ") == 1);

    c.now_ns += 2 * second;
    CHECK(c.left_alone().empty());
    c.hang("/mnt/nfs", 7); // once more: that is no news
    CHECK(c.left_alone() == std::vector<std::uint64_t>{7});
    CHECK(c.log.take().empty());

    c.now_ns += 301 * second;
    c.add("/mnt/nfs", 7);
    CHECK(count_of(c.answer(), "\n") == 2);
    CHECK(c.log.take() == "info container c: its filesystem /mnt/nfs answers again\n");
    CHECK(c.watch.is_well());
    c.hang("/mnt/nfs", 7);
    CHECK(count_of(c.log.take(), "/mnt/nfs did not end in time") == 1);
}

TEST_CASE("a filesystem that is mounted no more, or is broken now, does not answer again") {
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
    CHECK(c.log.take().empty()); // said before
    c.reply->filesystems[0].error = 0;
    CHECK(count_of(c.answer(), "\n") == 1);
    CHECK(c.watch.is_well());
}

TEST_CASE("one that has many that hang is left alone as a whole") {
    Watched c;
    for (std::uint64_t device = 1; device <= max_left_alone; ++device) {
        CHECK(c.is_due());
        c.hang("/m" + std::to_string(device), device);
        c.now_ns += second;
    }
    CHECK(count_of(c.log.take(), "with so many that hang, all of its filesystems are left alone") == 1);
    CHECK_FALSE(c.is_due());
    c.now_ns += 300 * second;
    CHECK(c.is_due());
    // However often it mounts anew: the list has no more room.
    for (std::uint64_t device = 11; device <= 20; ++device)
        c.hang("/n", device);
    CHECK(c.left_alone().size() == max_left_alone);
    CHECK_FALSE(c.is_due());
}

TEST_CASE("a list of mounts that hangs") {
    Watched c;
    for (int round = 0; round < 2; ++round) {
        static_cast<void>(c.left_alone());
        CHECK(c.take(Outcome::hung, {Stage::mount_list, 0, ""}).empty());
        CHECK(count_of(c.log.take(), "reading its list of mounts did not end in time") ==
              (round == 0 ? 1 : 0));
        CHECK_FALSE(c.is_due());
        c.now_ns += 301 * second;
        CHECK(c.is_due());
    }
    static_cast<void>(c.answer());
    CHECK(c.log.take() == "info container c: its list of mounts can be read again\n");
    CHECK(c.watch.is_well());
}

TEST_CASE("a slow filesystem is named, and asked no more than once a minute") {
    Watched c;
    c.add("/", 1);
    c.add("/slow", 2).took_nsec = 150'000'000;
    CHECK(count_of(c.answer(), "\n") == 2);
    CHECK(count_of(c.log.take(), "container c: its filesystem /slow took 150 ms to answer") == 1);
    c.now_ns += 59 * second;
    CHECK_FALSE(c.watch.is_due(c.now_ns, c.now_ns, std::chrono::nanoseconds(0)));
    c.now_ns += 2 * second;
    CHECK(c.watch.is_due(c.now_ns, c.now_ns, std::chrono::nanoseconds(0)));
    CHECK(count_of(c.answer(), "\n") == 2);
    CHECK(c.log.take().empty());
}

TEST_CASE("what is left out is said once") {
    Watched c;
    c.reply->left_out = 3;
    static_cast<void>(c.answer());
    CHECK(count_of(c.log.take(), "container c: 3 of its filesystems are left out") == 1);
    static_cast<void>(c.answer());
    CHECK(c.log.take().empty());
}

TEST_CASE("a tenant that mounts anew each time makes so many series and no more") {
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
    CHECK(count_of(c.log.take(), "more than 512 different filesystems") == 1);
}

TEST_CASE("mounts that can't be read, and a helper that ends") {
    Watched c;
    c.reply->error = EACCES;
    for (int round = 0; round < 2; ++round) {
        CHECK(c.answer().empty());
        CHECK(count_of(c.log.take(), "its mounts can't be read: Permission denied") == (round == 0 ? 1 : 0));
    }
    CHECK_FALSE(c.watch.is_well());
    CHECK(c.take(Outcome::broken).empty());
    CHECK(count_of(c.log.take(), "the helper process ended") == 1);
    c.reply->clear();
    c.reply->error = ESRCH;
    CHECK(c.answer().empty());
    CHECK(c.log.take().empty());
}

TEST_CASE("who has waited longest goes first") {
    Watched c;
    CHECK(c.watch.last_look_ns() == INT64_MIN);
    CHECK_FALSE(c.watch.may_hang());
    c.reply->root_may_hang = true;
    static_cast<void>(c.answer());
    CHECK(c.watch.last_look_ns() == c.now_ns);
    CHECK(c.watch.may_hang());
}

TEST_CASE("filesystems that may hang have a look of their own, which stays owed until it succeeds") {
    Watched c;
    c.add("/", 1);
    c.reply->has_risky = true;
    CHECK(count_of(c.answer(), "\n") == 1);
    CHECK(c.watch.owes_risky());
    CHECK(c.is_due()); // also where it could not be made in this tick
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
