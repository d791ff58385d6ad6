// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;
using std::chrono::hours;

namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;

/// Bytes of all files in the folder.
std::uint64_t bytes_in(const std::string& folder) {
    std::uint64_t bytes = 0;
    for (const auto& each : std::filesystem::directory_iterator(folder))
        if (each.path().filename() != "lock")
            bytes += each.file_size();
    return bytes;
}

/// Each batch of two lines becomes a segment; all segments have one size.
struct Bounded : SpoolTest {
    const std::uint64_t segment = numbered_json(10, 2).size();
    Bounded() { settings.segment_bytes = 1; }
};

} // namespace

TEST_CASE_FIXTURE(Bounded, "spool bounds: above max_bytes the oldest segment is dropped and counted") {
    settings.max_bytes = 10 * segment;
    LogCapture log;
    Spool spool(settings, hooks);
    for (std::size_t batch = 0; batch < 30; ++batch) {
        append(spool, numbered_batch(10 + 2 * batch, 2));
        CHECK(bytes_in(settings.folder) <= settings.max_bytes);
        CHECK(spool.lines() + spool.dropped_lines() == 2 * (batch + 1));
    }
    CHECK(spool.lines() >= 16);
    CHECK(log.take() == "warning spool: " + settings.folder +
                            " has reached --spool-max-size: the oldest points are dropped from now on\n");
    spool.tidy();
    CHECK(log.take().empty());
    const std::size_t dropped = spool.dropped_lines();
    CHECK(drain(spool) == numbered_lines(10 + dropped, 60 - dropped));
    spool.tidy();
    CHECK(log.take() == "info spool: " + settings.folder + " is within its bounds again; " +
                            std::to_string(dropped) + " points were dropped\n");
    spool.tidy();
    CHECK(log.take().empty());
    CHECK(spool.dropped_lines() == dropped);
}

TEST_CASE_FIXTURE(
    SpoolTest,
    "spool bounds: a small max_bytes makes small segments, so that few points are dropped at once") {
    settings.max_bytes = 100'000;
    const LogCapture log;
    Spool spool(settings, hooks);
    for (std::size_t batch = 0; batch < 300; ++batch) {
        append(spool, numbered_batch(1000 + 10 * batch, 10));
        CHECK(bytes_in(settings.folder) <= settings.max_bytes);
    }
    CHECK(spool.dropped_lines() > 0);
    CHECK(bytes_in(settings.folder) > settings.max_bytes * 3 / 4);
    CHECK(drain(spool).ends_with(numbered_lines(3990, 10)));
}

TEST_CASE_FIXTURE(SpoolTest, "spool bounds: the open segment is dropped if no older segment is left") {
    settings.max_bytes = numbered_json(13, 22).size() + 1;
    const LogCapture log;
    Spool spool(settings, hooks);
    append(spool, numbered_batch(10, 3)); // less than a segment
    append(spool, numbered_batch(13, 22));
    CHECK(spool.dropped_lines() == 3);
    CHECK(drain(spool) == numbered_lines(13, 22));
}

TEST_CASE_FIXTURE(Bounded, "spool bounds: text that becomes much longer as JSON stays within max_bytes") {
    settings.max_bytes = 100 * segment;
    const LogCapture log;
    Spool spool(settings, hooks);
    for (std::size_t batch = 0; batch < 60; ++batch)
        append(spool, numbered_batch(10 + batch, 2));
    const std::string tabs(10 * segment, '\t');
    append(spool, {"m f=\"" + tabs + "\" 1\n", 1}); // six bytes each
    CHECK(bytes_in(settings.folder) <= settings.max_bytes);
    CHECK(spool.dropped_lines() > 0);
    CHECK(drain(spool).ends_with(tabs + "\" 1\n"));
}

TEST_CASE_FIXTURE(SpoolTest, "spool bounds: a batch larger than max_bytes drops nothing") {
    settings.max_bytes = 1000;
    Spool spool(settings, hooks);
    append(spool, numbered_batch(10, 3));
    const auto appended = spool.append(numbered_batch(20, 30));
    CHECK_FALSE(appended.entry);
    CHECK(appended.why.find("does not fit in --spool-max-size (1000 bytes)") != std::string::npos);
    CHECK(spool.dropped_lines() == 0);
    CHECK(drain(spool) == numbered_lines(10, 3));
}

TEST_CASE_FIXTURE(Bounded, "spool bounds: the last batch gives the age of a segment") {
    settings.max_age = hours(10);
    LogCapture log;
    Spool spool(settings, hooks);
    append(spool, numbered_batch(10, 2));
    now += hour_ns;
    append(spool, numbered_batch(12, 2));
    spool.tidy(); // gzips the newest, which keeps its time
    now += 9 * hour_ns;
    spool.tidy();
    CHECK(spool.dropped_lines() == 0);
    now += 1;
    spool.tidy();
    CHECK(spool.dropped_lines() == 2);
    CHECK(log.take().find("has reached --spool-max-age") != std::string::npos);
    CHECK(names() == Names{"000000000002-2.jsonl.gz"});
    now += hour_ns;
    spool.tidy();
    CHECK(spool.dropped_lines() == 4);
    CHECK(names().empty());
    spool.tidy();
    CHECK(log.take() ==
          "info spool: " + settings.folder + " is within its bounds again; 4 points were dropped\n");
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool bounds: max_age also drops the open segment and segments of earlier runs") {
    settings.max_age = hours(1);
    const LogCapture log;
    {
        Spool spool(settings, hooks);
        append(spool, numbered_batch(10, 5));
    }
    Spool spool(settings, hooks);
    append(spool, numbered_batch(15, 2));
    now += 2 * hour_ns;
    spool.tidy(); // one file each time
    CHECK(spool.dropped_lines() == 5);
    spool.tidy();
    CHECK(spool.dropped_lines() == 7);
    CHECK(spool.lines() == 0);
    CHECK(names().empty());
}

TEST_CASE_FIXTURE(Bounded, "spool bounds: after a clock is set back only old points are dropped") {
    settings.max_age = hours(10);
    const LogCapture log;
    Spool spool(settings, hooks);
    append(spool, numbered_batch(10, 2));
    now -= 1000 * hour_ns; // the clock is corrected: the first segment is in the future
    set_by -= 1000 * hour_ns;
    append(spool, numbered_batch(12, 2));
    spool.tidy();
    CHECK(spool.dropped_lines() == 0);
    now += 11 * hour_ns;
    spool.tidy();
    CHECK(spool.dropped_lines() == 2);
    CHECK(drain(spool) == numbered_lines(10, 2));
}

TEST_CASE_FIXTURE(Bounded,
                  "spool bounds: *.bad files count as bytes, not as points, and are dropped when oldest") {
    settings.max_bytes = 10 * segment;
    const std::string old_bad = "000000000001.jsonl.bad";
    const std::string older_bad = "000000000002-7.jsonl.gz.bad";
    write(old_bad, std::string(4 * segment, 'x'));
    write(older_bad, std::string(4 * segment, 'x'));
    const timespec old[2] = {{1'000'000, 0}, {1'000'000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path(older_bad).c_str(), old, 0) == 0);
    const LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    CHECK(spool.bytes() == 0);
    append(spool, numbered_batch(10, 2));
    append(spool, numbered_batch(12, 2));
    CHECK(names().size() == 3);
    CHECK(names().front() == old_bad);
    CHECK(spool.dropped_lines() == 0);
    now = status_of(path(old_bad)).st_mtim.tv_sec * std::int64_t{1'000'000'000} + settings.max_age.count() +
          hour_ns;
    for (std::size_t files = 3; files > 0; --files) {
        CHECK(names().size() == files);
        spool.tidy();
    }
    CHECK(spool.dropped_lines() == 4);
    CHECK(names().empty());
}

TEST_CASE_FIXTURE(Bounded, "spool bounds: the quarantine counts for at most half of max_bytes") {
    settings.max_bytes = 10 * segment;
    const LogCapture log;
    write("rejected.jsonl", std::string(50 * segment, 'x'));
    Spool spool(settings, hooks);
    for (std::size_t batch = 0; batch < 10; ++batch)
        append(spool, numbered_batch(10 + 2 * batch, 2));
    CHECK(spool.lines() >= 6);
    CHECK(spool.lines() <= 10);
    std::filesystem::remove(path("rejected.jsonl"));
    spool.tidy();
    const std::uint64_t before = spool.dropped_lines();
    append(spool, numbered_batch(30, 2));
    CHECK(spool.dropped_lines() == before);
}

TEST_CASE_FIXTURE(Bounded, "spool bounds: a segment that can't be removed is skipped") {
    settings.max_bytes = 10 * segment;
    const LogCapture log;
    Spool spool(settings, hooks);
    append(spool, numbered_batch(10, 2));
    std::filesystem::remove(path("000000000001.jsonl"));
    std::filesystem::create_directory(path("000000000001.jsonl"));
    for (std::size_t batch = 1; batch < 12; ++batch)
        append(spool, numbered_batch(10 + 2 * batch, 2));
    CHECK(std::filesystem::exists(path("000000000001.jsonl")));
    CHECK_FALSE(std::filesystem::exists(path("000000000002.jsonl")));
}

TEST_CASE_FIXTURE(Bounded, "spool bounds: a clock that jumps drops nothing before it has run evenly again") {
    constexpr std::int64_t minute_ns = 60'000'000'000;
    settings.max_age = hours(10);
    const LogCapture log;
    Spool spool(settings, hooks);
    const auto set_clock = [&](std::int64_t by) {
        now += by;
        set_by += by;
    };
    const auto pass = [&](std::int64_t time_ns) {
        for (const std::int64_t end = now + time_ns; now < end; now += 1'000'000'000)
            spool.tidy();
    };
    append(spool, numbered_batch(10, 2));
    append(spool, numbered_batch(12, 2));
    append(spool, numbered_batch(14, 2));
    pass(20 * minute_ns);
    SUBCASE("for three seconds") {
        set_clock(1000 * hour_ns);
        pass(3'000'000'000);
        set_clock(-1000 * hour_ns);
        pass(9 * hour_ns);
        CHECK(spool.dropped_lines() == 0);
        pass(hour_ns); // these are the real ten hours
        CHECK(spool.dropped_lines() == 6);
    }
    SUBCASE("again and again") {
        for (int count = 0; count < 10; ++count) {
            set_clock(100 * hour_ns);
            pass(9 * minute_ns);
        }
        CHECK(spool.dropped_lines() == 0);
    }
    SUBCASE("for good: it was wrong before") {
        set_clock(1000 * hour_ns);
        pass(10 * minute_ns);
        CHECK(spool.dropped_lines() == 0);
        spool.tidy();
        CHECK(spool.dropped_lines() == 2);
        spool.tidy();
        CHECK(spool.dropped_lines() == 4);
    }
    SUBCASE("before the start") {
        set_clock(1000 * hour_ns);
        settings.folder = folder.path("second");
        std::filesystem::copy(folder.path("spool"), settings.folder);
        Spool second(settings, hooks);
        second.tidy();
        CHECK(second.lines() == 6);
        CHECK(second.dropped_lines() == 0);
    }
}
