// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/target.hpp"
#include "support/log_capture.hpp"
#include "unit/deliver/fake_sink.hpp"
#include "unit/spool/spool_support.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

using namespace lxcmon;
using namespace lxcmon::deliver;
using namespace lxcmon::test;

namespace {

/// Counts the syncs of the spool, whichever thread makes them, and lets them fail.
struct Syncs {
    std::atomic<int> of_data{0}, of_all{0};
    std::atomic<bool> failing{false};

    void reset() {
        of_data = of_all = 0;
        failing = false;
    }
};
Syncs syncs;
std::atomic<bool> disk_is_busy{false};

int answer(long call, int fd) noexcept {
    if (!syncs.failing)
        return static_cast<int>(::syscall(call, fd));
    errno = EIO;
    return -1;
}

} // namespace

// Replace the functions of the C library in this program.
extern "C" int fdatasync(int fd) {
    ++syncs.of_data;
    return answer(SYS_fdatasync, fd);
}
extern "C" int fsync(int fd) {
    disk_is_busy.wait(true);
    ++syncs.of_all;
    return answer(SYS_fsync, fd);
}

TEST_CASE_FIXTURE(
    SpoolTest, "spool sync: when append() returns, the batch and the name of its segment are on the disk") {
    spool::Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    syncs.reset();
    append(spool, numbered_batch(1, 1));
    CHECK(syncs.of_data == 1);
    CHECK(syncs.of_all == 1); // the folder
    append(spool, numbered_batch(2, 1));
    CHECK(syncs.of_data == 2);
    CHECK(syncs.of_all == 1);
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool sync: at the end, what is left of a file is synced once for all batches") {
    settings.batch_lines = 1;
    spool::Spool spool(settings, hooks);
    append(spool, numbered_batch(1, 9));
    REQUIRE(spool.begin() != nullptr);
    spool.accept();
    syncs.reset();
    SUBCASE("") {}
    SUBCASE("the old file stays if that fails") {
        syncs.failing = true;
    }
    const LogCapture log;
    spool.finish(nullptr);
    CHECK(syncs.of_data == 1);
    CHECK(syncs.of_all == (syncs.failing ? 0 : 1)); // the folder, with the new name
    CHECK(names() == Names{"000000000001.jsonl"});
    CHECK(content(names()[0]) == (syncs.failing ? numbered_json(1, 9) : numbered_json(2, 8)));
    syncs.reset();
}

TEST_CASE_FIXTURE(
    SpoolTest, "spool sync: a batch that does not reach the disk does not count, and its segment is closed") {
    spool::Spool spool(settings, hooks);
    append(spool, numbered_batch(1, 1));
    syncs.failing = true;
    const auto appended = spool.append(numbered_batch(2, 1));
    const auto in_new_segment = spool.append(numbered_batch(2, 1));
    syncs.failing = false;
    CHECK_FALSE(appended.entry);
    CHECK(appended.why.find("/000000000001.jsonl: syncing it: Input/output error; the disk may be") !=
          std::string::npos);
    CHECK_FALSE(in_new_segment.entry);
    CHECK(in_new_segment.why.find("syncing its folder") != std::string::npos);
    CHECK(names() == Names{"000000000001.jsonl"});
    append(spool, numbered_batch(3, 1));
    CHECK(content("000000000001.jsonl") == numbered_json(1, 1));
    CHECK(drain(spool) == numbered_lines(1, 1) + numbered_lines(3, 1));
}

TEST_CASE_FIXTURE(SpoolTest, "spool sync: the plain segment stays until the gzipped one is on the disk") {
    settings.segment_bytes = 1;
    spool::Spool spool(settings, hooks);
    append(spool, numbered_batch(1, 3));
    const LogCapture log;
    syncs.reset();
    syncs.failing = true;
    spool.tidy();
    syncs.failing = false;
    CHECK(names() == Names{"000000000001.jsonl"});
    now += 100'000'000'000;
    syncs.reset();
    spool.tidy();
    CHECK(syncs.of_all == 2); // the file, and its name in the folder
    CHECK(names() == Names{"000000000001-3.jsonl.gz"});
    CHECK(drain(spool) == numbered_lines(1, 3));
}

TEST_CASE_FIXTURE(SpoolTest, "spool sync: while the disk is busy, sampled batches still get into the file") {
    const LogCapture log;
    auto sink = std::make_unique<FakeSink>();
    sink->judge = [](std::string_view) { return Outcome::retry; };
    TargetSettings target_settings;
    target_settings.queue.spool_after = std::chrono::milliseconds(0);
    target_settings.spool = settings;
    Target target(std::move(sink), target_settings);
    target.start();
    disk_is_busy = true;
    for (std::size_t batch = 1; batch <= 5; ++batch) {
        target.push(numbered_batch(batch, 1));
        for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
             target.status().spool_points < batch && std::chrono::steady_clock::now() < end;)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        CHECK(target.status().spool_points == batch);
    }
    CHECK_FALSE(target.hangs()); // too short a time
    disk_is_busy = false;
    disk_is_busy.notify_all();
    CHECK(target.stop(std::chrono::milliseconds(0)).lost_lines == 0);
}
