// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;
using std::chrono::hours;

namespace {

constexpr std::int64_t nsec_per_hour = 3'600'000'000'000;

} // namespace

TEST_CASE_FIXTURE(SpoolTest, "spool bounds: a batch in delivery is not dropped, the rest of its segment is") {
    settings.batch_lines = 2;
    settings.max_age = hours(1);
    const LogCapture log;
    Spool spool(settings, hooks);
    append(spool, numbered_batch(10, 6));
    REQUIRE(spool.begin() != nullptr);
    now += 2 * nsec_per_hour;
    append(spool, numbered_batch(16, 1));
    spool.tidy();
    CHECK(spool.dropped_lines() == 0);
    CHECK(spool.lines() == 7);
    SUBCASE("delivered") {
        CHECK(spool.begin()->body == numbered_lines(10, 2));
        spool.accept();
        spool.tidy();
        CHECK(spool.dropped_lines() == 4);
    }
    SUBCASE("not delivered") {
        spool.keep();
        spool.tidy();
        CHECK(spool.dropped_lines() == 6);
    }
    CHECK(spool.lines() == 1);
    CHECK(drain(spool) == numbered_lines(16, 1));
}

TEST_CASE_FIXTURE(SpoolTest, "spool bounds: dropped lines of gzipped segments are counted by the file name") {
    settings.max_age = hours(1);
    const LogCapture log;
    write("000000000001-4321.jsonl.gz", "not even gzip");
    Spool spool(settings, hooks);
    now += 365 * 24 * nsec_per_hour;
    spool.tidy();
    CHECK(spool.dropped_lines() == 4321);
    CHECK(names().empty());
}
