// SPDX-License-Identifier: GPL-2.0-or-later
// What is delivered of a file must not be on the disk after the end of the run.
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

struct SpoolEnd : SpoolTest {
    SpoolEnd() { settings.batch_lines = 2; }

    /// Everything that the next start sends.
    [[nodiscard]] std::string next_start() const {
        Spool next(settings, hooks);
        REQUIRE_FALSE(next.open());
        const std::uint64_t lines = next.lines();
        std::string sent = drain(next);
        CHECK(lines_in(sent) == lines);
        return sent;
    }
};

} // namespace

TEST_CASE_FIXTURE(SpoolEnd, "spool end: a batch cancelled before others is not sent at the next start") {
    {
        Spool spool(settings, hooks);
        const Entry first = append(spool, numbered_batch(10, 2));
        append(spool, numbered_batch(20, 2));
        spool.cancel(first);
        spool.finish(nullptr);
        CHECK(spool.lines() == 2);
    }
    CHECK(next_start() == numbered_lines(20, 2));
}

TEST_CASE_FIXTURE(SpoolEnd, "spool end: a cancelled batch of a file that is being read is not sent again") {
    {
        Spool spool(settings, hooks);
        const Entry first = append(spool, numbered_batch(10, 2));
        append(spool, numbered_batch(20, 2));
        spool.cancel(first);
        const Batch* const offered = spool.begin();
        REQUIRE(offered != nullptr);
        CHECK(offered->body == numbered_lines(20, 2));
        spool.finish(nullptr);
        CHECK(spool.lines() == 2);
    }
    CHECK(next_start() == numbered_lines(20, 2));
}

TEST_CASE("spool end: the delivered part of the file that is being read is removed") {
    for (const bool is_gzip : {false, true})
        for (const bool is_lent : {false, true}) {
            CAPTURE(is_gzip);
            CAPTURE(is_lent);
            SpoolEnd test;
            if (is_gzip)
                test.settings.segment_bytes = numbered_json(10, 9).size();
            {
                Spool spool(test.settings, test.hooks);
                append(spool, numbered_batch(10, 9));
                spool.tidy();
                CHECK(test.names()[0].ends_with(".gz") == is_gzip);
                REQUIRE(spool.begin() != nullptr);
                spool.accept();
                if (is_lent)
                    REQUIRE(spool.begin() != nullptr);
                spool.finish(nullptr);
                CHECK(spool.lines() == 7);
                CHECK(test.names() == Names{"000000000001.jsonl"});
                CHECK(test.content(test.names()[0]) == numbered_json(12, 7));
            }
            CHECK(test.next_start() == numbered_lines(12, 7));
        }
}

TEST_CASE_FIXTURE(SpoolEnd,
                  "spool end: of a batch that is decided in part only the rest stays, with its age") {
    {
        Spool spool(settings, hooks);
        append(spool, numbered_batch(10, 3));
        now += 1'000'000'000;
        append(spool, numbered_batch(20, 2));
        const Batch* const batch = spool.begin();
        REQUIRE(batch != nullptr);
        CHECK(batch->body == numbered_lines(10, 2));
        const Batch rest = numbered_batch(11, 1);
        now += 3'600'000'000'000;
        spool.finish(&rest);
    }
    CHECK(status_of(path("000000000001.jsonl")).st_mtim.tv_sec == 1'795'000'001);
    CHECK(next_start() == numbered_lines(11, 2) + numbered_lines(20, 2));
}

TEST_CASE_FIXTURE(SpoolEnd, "spool end: nothing is written if nothing is delivered") {
    Spool spool(settings, hooks);
    append(spool, numbered_batch(10, 9));
    REQUIRE(spool.begin() != nullptr);
    const auto before = status_of(path("000000000001.jsonl"));
    spool.keep();
    spool.finish(nullptr);
    CHECK(status_of(path("000000000001.jsonl")).st_ino == before.st_ino);
    CHECK(spool.lines() == 9);
}

TEST_CASE_FIXTURE(SpoolEnd,
                  "spool end: without room for the new file the old one stays, and the log says so") {
    LogCapture log;
    {
        Spool spool(settings, hooks);
        append(spool, numbered_batch(10, 9));
        REQUIRE(spool.begin() != nullptr);
        spool.accept();
    }
    settings.max_bytes = numbered_json(10, 9).size() + 10;
    {
        Spool spool(settings, hooks);
        REQUIRE_FALSE(spool.open());
        REQUIRE(spool.begin() != nullptr);
        spool.accept();
        spool.finish(nullptr);
        CHECK(log.take().find("no room to write the rest of it; points that are delivered already are sent "
                              "again at the next start") != std::string::npos);
        CHECK(spool.lines() == 9);
    }
    CHECK(names() == Names{"000000000001.jsonl"});
    CHECK(next_start() == numbered_lines(10, 9));
}

TEST_CASE_FIXTURE(SpoolEnd, "spool end: damaged lines stay in NAME.bad, a damaged file stays whole") {
    const LogCapture log;
    write("000000000001.jsonl", numbered_json(10, 2) + "damage\n");
    write("000000000002-9.jsonl.gz", packed(numbered_json(20, 9)).substr(0, 60));
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    REQUIRE(spool.begin() != nullptr);
    const Batch rest = numbered_batch(10, 1);
    spool.finish(&rest);
    CHECK(content("000000000001.jsonl") == numbered_json(10, 1));
    CHECK(content("000000000001.jsonl.bad") == "damage\n");
    CHECK(names().size() == 3);
}
