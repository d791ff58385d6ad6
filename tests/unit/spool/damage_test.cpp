// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

/// The lines that a new run delivers from the folder.
std::string deliver_all(const SpoolTest& test) {
    Spool spool(test.settings, test.hooks);
    REQUIRE_FALSE(spool.open());
    std::string lines = drain(spool);
    CHECK(spool.lines() == 0);
    CHECK(spool.dropped_lines() == 0);
    return lines;
}

} // namespace

TEST_CASE_FIXTURE(SpoolTest, "spool damage: a last line cut at any byte loses only that line") {
    const std::string whole = numbered_json(1, 2);
    const LogCapture log;
    for (std::size_t size = whole.find('\n') + 1; size <= whole.size(); ++size) {
        CAPTURE(size);
        write("000000000003.jsonl", whole.substr(0, size));
        const bool complete = size >= whole.size() - 1; // a missing LF loses nothing
        CHECK(deliver_all(*this) == numbered_lines(1, complete ? 2 : 1));
        const bool torn = !complete && size > whole.find('\n') + 1;
        CHECK(names() == (torn ? Names{"000000000003.jsonl.bad"} : Names{}));
        if (torn) {
            CHECK(content(names()[0]) ==
                  whole.substr(whole.find('\n') + 1, size - whole.find('\n') - 1) + "\n");
            std::filesystem::remove(path(names()[0]));
        }
    }
}

TEST_CASE_FIXTURE(SpoolTest, "spool damage: garbage is skipped, kept and logged once") {
    const std::string zeros(5000, '\0');
    const std::string garbage = "{\n\n" + zeros + "\n{\"name\":\"m\"}\n[[[[[[\n\x1f\x8b\xff\n";
    write("000000000001.jsonl", numbered_json(1, 2) + garbage + numbered_json(3, 1));
    write("000000000002-3.jsonl.gz", packed(garbage + numbered_json(4, 2)));
    LogCapture log;
    CHECK(deliver_all(*this) == numbered_lines(1, 5));
    CHECK(names() == Names{"000000000001.jsonl.bad", "000000000002-3.jsonl.gz.bad"});
    CHECK(content(names()[0]) == garbage);
    CHECK(content(names()[1]) == garbage);
    CHECK(mode_of(path(names()[0])) == 0600);
    const std::string logged = log.take();
    CHECK(logged.find("/000000000001.jsonl: damaged lines (6, first: not JSON) are skipped and kept in "
                      "000000000001.jsonl.bad\n") != std::string::npos);
    CHECK(lines_in(logged) == 3); // with the number of waiting points
    CHECK(deliver_all(*this).empty());
    CHECK(log.take().empty());
}

TEST_CASE_FIXTURE(SpoolTest, "spool damage: a plain segment that begins like gzip is read as plain") {
    write("000000000001.jsonl", "\x1f\x8b\n" + numbered_json(1, 2));
    CHECK(deliver_all(*this) == numbered_lines(1, 2));
}

TEST_CASE_FIXTURE(SpoolTest, "spool damage: a line above 1 MiB is skipped in bounded memory") {
    const std::string endless = "{\"name\":\"" + std::string(5U << 20U, 'x');
    write("000000000001.jsonl", numbered_json(1, 1) + endless + "\n" + numbered_json(2, 1) + endless);
    LogCapture log;
    CHECK(deliver_all(*this) == numbered_lines(1, 2));
    CHECK(content("000000000001.jsonl.bad") == endless + "\n" + endless);
    CHECK(log.take().find("(2, first: longer than 1 MiB)") != std::string::npos);
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool damage: of a truncated gzip file the beginning is delivered and the file is kept") {
    const std::string json = numbered_json(1, 2000);
    const std::string gzip = packed(json);
    const LogCapture log;
    std::size_t most = 0;
    for (std::size_t size = 0; size < gzip.size(); size += size < 30 ? 1 : 977) {
        CAPTURE(size);
        write("000000000001-2000.jsonl.gz", gzip.substr(0, size));
        const std::string got = deliver_all(*this);
        CHECK(numbered_lines(1, 2000).starts_with(got));
        CHECK(names() == Names{"000000000001-2000.jsonl.gz.bad"});
        CHECK(content(names()[0]) == gzip.substr(0, size));
        most = std::max(most, lines_in(got));
        std::filesystem::remove(path(names()[0]));
    }
    CHECK(most > 1500);
    // Later segments are delivered as usual.
    write("000000000001-2000.jsonl.gz", "no gzip at all\n");
    write("000000000002.jsonl", numbered_json(3, 1));
    CHECK(deliver_all(*this) == numbered_lines(3, 1));
    CHECK(content("000000000001-2000.jsonl.gz.bad") == "no gzip at all\n");
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool damage: of a gzip file damaged in the middle the lines before are delivered") {
    std::string gzip = packed(numbered_json(1, 20'000));
    gzip[gzip.size() / 2] = static_cast<char>(~gzip[gzip.size() / 2]);
    write("000000000001-20000.jsonl.gz", gzip);
    LogCapture log;
    const std::string got = deliver_all(*this);
    CHECK(lines_in(got) > 8000);
    CHECK(numbered_lines(1, 8000) == got.substr(0, numbered_lines(1, 8000).size()));
    CHECK(content("000000000001-20000.jsonl.gz.bad") == gzip);
    CHECK(log.take().find("/000000000001-20000.jsonl.gz: damaged gzip: ") != std::string::npos);
}

TEST_CASE_FIXTURE(SpoolTest, "spool crash: unfinished files and the plain file of a duplicate are removed") {
    write("000000000001.jsonl", numbered_json(1, 3));
    write("000000000001.jsonl.gz.tmp", packed(numbered_json(1, 2)));
    write("000000000002.jsonl", numbered_json(4, 1));
    write("000000000002-1.jsonl.gz", packed(numbered_json(4, 1)));
    write("000000000003.jsonl", "");
    const LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    CHECK(names() == Names{"000000000001.jsonl", "000000000002-1.jsonl.gz"});
    CHECK(spool.lines() == 4);
    CHECK(drain(spool) == numbered_lines(1, 4));
    CHECK(names().empty());
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a missing segment does not affect other segments") {
    settings.segment_bytes = 1;
    LogCapture log;
    Spool spool(settings, hooks);
    for (std::size_t batch = 1; batch <= 4; ++batch)
        append(spool, numbered_batch(batch, 1));
    std::filesystem::remove(path("000000000001.jsonl"));
    std::filesystem::remove(path("000000000003.jsonl"));
    std::filesystem::create_symlink("/etc/passwd", path("000000000003.jsonl"));
    std::filesystem::remove(path("000000000002.jsonl"));
    std::filesystem::create_directory(path("000000000002.jsonl"));
    CHECK(drain(spool) == numbered_lines(4, 1));
    CHECK(spool.lines() == 0);
    CHECK(log.take().find("000000000001.jsonl: can't be read") != std::string::npos);
    CHECK(names() == Names{"000000000002.jsonl.bad", "000000000003.jsonl.bad"});
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool damage: bad lines are kept once, even if a segment is read several times") {
    settings.batch_lines = 2;
    const LogCapture log;
    write("000000000001.jsonl", "bad\n" + numbered_json(1, 4));
    for (int run = 0; run < 3; ++run) {
        Spool spool(settings, hooks);
        REQUIRE_FALSE(spool.open());
        REQUIRE(spool.begin() != nullptr);
        CHECK(content("000000000001.jsonl.bad") == "bad\n");
    }
    CHECK(deliver_all(*this) == numbered_lines(1, 4));
    CHECK(content("000000000001.jsonl.bad") == "bad\n");
}
