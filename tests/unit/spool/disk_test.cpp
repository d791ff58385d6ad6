// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/has.hpp"
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <functional>
#include <thread>

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

/// Runs `body` with a small disk (tmpfs) mounted on the spool's folder, in a thread with a mount namespace of
/// its own: other threads do not see the disk, and the kernel unmounts it when the thread ends.
void on_small_disk(const SpoolTest& test, const char* options, const std::function<void()>& body) {
    std::filesystem::create_directories(test.settings.folder);
    std::thread([&] {
        try {
            REQUIRE_MESSAGE(::unshare(CLONE_FS | CLONE_NEWNS) == 0, "needs root");
            REQUIRE(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
            REQUIRE(::mount("spool", test.settings.folder.c_str(), "tmpfs", 0, options) == 0);
            body();
        } catch (const std::exception& error) {
            FAIL_CHECK(error.what());
        } catch (...) { // a REQUIRE, which has reported the error
        }
    }).join();
}

void remount(const SpoolTest& test, unsigned long flags) {
    REQUIRE(::mount(nullptr, test.settings.folder.c_str(), nullptr, MS_REMOUNT | flags, "size=256k") == 0);
}

/// Appends batches of 100 lines until one fails. Returns the number of batches and the error.
std::pair<std::size_t, std::string> fill(Spool& spool) {
    for (std::size_t batches = 0;; ++batches)
        if (auto appended = spool.append(numbered_batch(1000 + 100 * batches, 100)); !appended.entry)
            return {batches, appended.why};
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE_FIXTURE(
    SpoolTest,
    "spool: a full disk takes only whole batches, is reported, and is used again after a cleanup") {
    on_small_disk(*this, "size=256k,mode=700", [&] {
        const LogCapture log;
        Spool spool(settings, hooks);
        const auto filled = fill(spool);
        const auto& batches = filled.first;
        const std::string& why = filled.second;
        CAPTURE(why);
        CHECK(batches > 5);
        CHECK(has(why, settings.folder + "/00000000000"));
        CHECK(has(why, "writing: No space left on device; the disk is full: make room on it"));
        CHECK(spool.lines() == 100 * batches);
        for (int attempt = 0; attempt < 3; ++attempt)
            CHECK_FALSE(spool.append(numbered_batch(0, 100)).entry);
        spool.tidy(); // there may be no room for a gzipped file either
        CHECK(spool.lines() == 100 * batches);
        CHECK(drain(spool) == numbered_lines(1000, 100 * batches));
        CHECK(names().empty());
        append(spool, numbered_batch(5, 100));
        CHECK(drain(spool) == numbered_lines(5, 100));
    });
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a run that starts on a full disk delivers the backlog") {
    on_small_disk(*this, "size=256k,mode=700", [&] {
        const LogCapture log;
        std::size_t batches = 0;
        {
            Spool spool(settings, hooks);
            batches = fill(spool).first;
            write("full", std::string(256U << 10U, 'x'));
        }
        Spool spool(settings, hooks);
        CHECK_FALSE(spool.open());
        CHECK_FALSE(spool.append(numbered_batch(0, 100)).entry);
        CHECK(drain(spool) == numbered_lines(1000, 100 * batches));
        append(spool, numbered_batch(5, 100));
    });
}

TEST_CASE_FIXTURE(SpoolTest, "spool: gzip without room is retried, but not every second") {
    settings.segment_bytes = 20'000;
    on_small_disk(*this, "size=256k,mode=700", [&] {
        LogCapture log;
        Spool spool(settings, hooks);
        REQUIRE_FALSE(spool.open());
        write("reserve", std::string(64U << 10U, 'x'));
        const std::size_t batches = fill(spool).first;
        write("full", std::string(256U << 10U, 'x'));
        for (int attempt = 0; attempt < 3; ++attempt, now += 100'000'000'000)
            spool.tidy();
        const std::string logged = log.take();
        CHECK(has(logged, "gzipping it: No space left on device; the disk is full"));
        CHECK(std::ranges::count(logged, '\n') == 1);
        CHECK(std::ranges::none_of(names(), [](const auto& name) { return name.ends_with(".tmp"); }));
        spool.tidy();
        std::filesystem::remove(path("reserve"));
        spool.tidy();
        CHECK(std::ranges::none_of(names(), [](const auto& name) { return name.ends_with(".gz"); }));
        now += 61'000'000'000;
        spool.tidy();
        CHECK(std::ranges::any_of(names(), [](const auto& name) { return name.ends_with(".gz"); }));
        CHECK(drain(spool) == numbered_lines(1000, 100 * batches));
    });
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a damaged segment is kept whole if there is no room for its bad lines") {
    on_small_disk(*this, "nr_inodes=3,mode=700", [&] {
        write("000000000001.jsonl", "bad\n" + numbered_json(1, 1));
        const LogCapture log;
        Spool spool(settings, hooks);
        REQUIRE_FALSE(spool.open());
        CHECK(drain(spool) == numbered_lines(1, 1));
        CHECK(names() == Names{"000000000001.jsonl.bad"});
        CHECK(content(names()[0]) == "bad\n" + numbered_json(1, 1));
    });
}

TEST_CASE_FIXTURE(SpoolTest, "spool: no inode is left for the lock file, then one is free") {
    on_small_disk(*this, "nr_inodes=3,mode=700", [&] {
        for (const char* name : {"a", "b"})
            write(name, "");
        const LogCapture log;
        Spool spool(settings, hooks);
        const auto wrong = spool.open();
        REQUIRE(wrong);
        CHECK(has(*wrong, "/lock: opening it: No space left on device; the disk is full"));
        CHECK(spool.append(numbered_batch(0, 1)).why == *wrong);
        std::filesystem::remove(path("a"));
        CHECK_FALSE(spool.open());
    });
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a folder that is read-only at first") {
    on_small_disk(*this, "size=256k,mode=700", [&] {
        { append(*std::make_unique<Spool>(settings, hooks), numbered_batch(1, 2)); }
        const LogCapture log;
        remount(*this, MS_RDONLY);
        Spool spool(settings, hooks);
        const auto wrong = spool.open();
        REQUIRE(wrong);
        CHECK(has(*wrong, "Read-only file system; the filesystem is read-only: mount it for writing"));
        CHECK(spool.append(numbered_batch(3, 1)).why == *wrong);
        CHECK(spool.begin() == nullptr);
        spool.tidy();
        remount(*this, 0);
        spool.tidy(); // opens the spool
        CHECK(spool.lines() == 2);
        append(spool, numbered_batch(3, 1));
        CHECK(drain(spool) == numbered_lines(1, 3));
    });
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool: a folder that becomes read-only is delivered once and cleaned up later") {
    settings.segment_bytes = 1;
    on_small_disk(*this, "size=256k,mode=700", [&] {
        LogCapture log;
        Spool spool(settings, hooks);
        append(spool, numbered_batch(1, 2));
        append(spool, numbered_batch(3, 2));
        const auto cancelled = append(spool, numbered_batch(5, 2));
        write("000000000009.jsonl", "");
        remount(*this, MS_RDONLY);
        CHECK(has(spool.append(numbered_batch(7, 1)).why, "Read-only file system"));
        spool.cancel(cancelled);
        CHECK(drain(spool) == numbered_lines(1, 4));
        CHECK(spool.begin() == nullptr);
        CHECK(spool.lines() == 0);
        spool.tidy();
        CHECK(spool.begin() == nullptr);
        const std::string logged = log.take();
        CHECK(
            has(logged, "000000000003.jsonl: no longer needed, but can't be removed: Read-only file system"));
        CHECK(std::ranges::count(logged, '\n') == 1);
        CHECK(names().size() == 4);
        remount(*this, 0);
        spool.tidy();
        CHECK(names() == Names{"000000000009.jsonl"}); // created after the scan, so not removed
        CHECK(spool.bytes() == 0);
        append(spool, numbered_batch(7, 1));
        CHECK(drain(spool) == numbered_lines(7, 1));
    });
}

TEST_SUITE_END();

TEST_CASE_FIXTURE(SpoolTest, "spool: a process without free descriptors reads its segments later") {
    Spool spool(settings, hooks);
    append(spool, numbered_batch(1, 2));
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit none = before;
    none.rlim_cur = 0;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const Batch* batch = spool.begin();
    const auto appended = spool.append(numbered_batch(3, 1));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(batch == nullptr);
    CHECK(has(appended.why, "Too many open files"));
    CHECK(drain(spool) == numbered_lines(1, 2));
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool: a second process gets the name of the first, and the lock when that ends") {
    Child other(0, [&] {
        static Spool spool(settings, hooks);
        return !spool.open();
    });
    Spool spool(settings, hooks);
    try {
        static_cast<void>(spool.open());
        FAIL("no SpoolHeld");
    } catch (const SpoolHeld& held) {
        CHECK(held.what() == "the spool " + settings.folder + " is in use by unit-spool (pid " +
                                 std::to_string(other.pid()) +
                                 "); only one agent may use a spool: stop the other agent, or " +
                                 "set another --spool-dir");
    }
    CHECK(has(spool.append(numbered_batch(1, 1)).why, "is in use by unit-spool"));
    CHECK(spool.begin() == nullptr);
    other.end();
    CHECK_FALSE(spool.open());
    append(spool, numbered_batch(1, 1));
    Spool second(settings, hooks); // also within one process
    CHECK_THROWS_AS(static_cast<void>(second.open()), SpoolHeld);
}

TEST_CASE_FIXTURE(SpoolTest, "spool: starts again after the folder was removed or replaced") {
    LogCapture log;
    Spool spool(settings, hooks);
    const auto lost = append(spool, numbered_batch(1, 2));
    std::filesystem::remove_all(settings.folder);
    const auto entry = append(spool, numbered_batch(3, 1));
    CHECK(entry.segment > lost.segment);
    CHECK(spool.lines() == 1);
    CHECK(has(log.take(), "spool was removed or replaced while in use, with 2 points in it"));
    std::filesystem::rename(settings.folder, settings.folder + ".old");
    CHECK(spool.begin() == nullptr);
    CHECK_FALSE(spool.open());
    append(spool, numbered_batch(4, 1));
    CHECK(mode_of(settings.folder) == 0700);
    for (const char* name : {"lock", "000000000003.jsonl"}) // `rm -r spool/*`
        CHECK(std::filesystem::remove(path(name)));
    append(spool, numbered_batch(5, 1));
    CHECK(content("lock").starts_with(std::to_string(::getpid())));
    CHECK(std::filesystem::remove(path("000000000004.jsonl")));
    append(spool, numbered_batch(6, 1));
    CHECK(drain(spool) == numbered_lines(6, 1));
}

TEST_CASE_FIXTURE(SpoolTest, "spool: the error for an unusable folder says what to do") {
    folder.write("plain", "");
    settings.folder = folder.path("plain/spool");
    CHECK(has(Spool(settings, hooks).open().value_or(""), "Not a directory; a folder is expected there"));
    settings.folder = folder.path("plain");
    CHECK(has(Spool(settings, hooks).open().value_or(""), "Not a directory; a folder is expected there"));
    settings.folder = folder.path("spool");
    std::filesystem::create_directories(path("lock"));
    CHECK(has(Spool(settings, hooks).open().value_or(""), "/lock: "));
    std::filesystem::remove(path("lock"));
    std::filesystem::create_symlink("/etc/passwd", path("lock"));
    CHECK(has(Spool(settings, hooks).open().value_or(""),
              "/lock: opening it: Too many levels of symbolic links; symlinks are not"));
}
