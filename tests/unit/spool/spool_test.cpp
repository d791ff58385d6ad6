// SPDX-License-Identifier: GPL-2.0-or-later
#include "spool/spool.hpp"

#include "unit/encode/hostile_points.hpp"
#include "unit/encode/line_of.hpp"
#include "unit/spool/spool_support.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

std::string hostile_lines(HostilePoints& hostile, int count) {
    PointBuffer points;
    std::string lines;
    for (int left = count; left > 0; --left)
        hostile.add(points);
    for (std::size_t index = 0; index < points.size(); ++index)
        static_cast<void>(encode::append_line_protocol(lines, points[index]));
    return lines;
}

} // namespace

TEST_CASE_FIXTURE(SpoolTest, "spool: the constructor touches nothing; open creates the folder and the lock") {
    settings.folder = folder.path("own/");
    Spool spool(settings, hooks);
    CHECK_FALSE(std::filesystem::exists(folder.path("own")));
    CHECK(spool.begin() == nullptr);
    CHECK_FALSE(spool.open());
    CHECK_FALSE(spool.open());
    CHECK(mode_of(folder.path("own")) == 0700);
    CHECK(mode_of(folder.path("own/lock")) == 0600);
    CHECK(content("lock") == std::to_string(::getpid()) + " unit-spool\n");
    CHECK(spool.begin() == nullptr);
    CHECK(names().empty());
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a missing folder above it is named and not created, until it is there") {
    settings.folder = folder.path("var/lib/spool");
    Spool spool(settings, hooks);
    CHECK(spool.open() == settings.folder + ": the folder " + folder.path("var") +
                              " does not exist; correct --spool-dir, or make that folder");
    CHECK_FALSE(std::filesystem::exists(folder.path("var")));
    std::filesystem::create_directories(folder.path("var/lib"));
    CHECK_FALSE(spool.open());
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a batch is stored as JSON Lines and read back as line protocol") {
    const mode_t before = ::umask(0);
    Spool spool(settings, hooks);
    append(spool, numbered_batch(1, 3));
    ::umask(before);
    CHECK(names() == Names{"000000000001.jsonl"});
    CHECK(mode_of(path("000000000001.jsonl")) == 0600);
    CHECK(content("000000000001.jsonl") == numbered_json(1, 3));
    CHECK(spool.lines() == 3);
    CHECK(spool.bytes() == numbered_json(1, 3).size());
    const Batch* batch = spool.begin();
    REQUIRE(batch != nullptr);
    CHECK(batch->body == numbered_lines(1, 3));
    CHECK(batch->lines == 3);
    CHECK(spool.lines() == 3);
    spool.keep();
    CHECK(spool.begin() == batch);
    spool.accept();
    CHECK(spool.begin() == nullptr);
    CHECK(spool.lines() == 0);
    CHECK(spool.bytes() == 0);
    CHECK(spool.dropped_lines() == 0);
    CHECK(names().empty());
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool: hostile lines are read back identically, in order, after gzip and restarts") {
    settings.segment_bytes = 20'000;
    settings.batch_lines = 37;
    HostilePoints hostile;
    std::string wanted;
    for (int run = 0; run < 4; ++run) {
        Spool spool(settings, hooks);
        for (int batch = 0; batch < 10; ++batch) {
            const std::string lines = hostile_lines(hostile, 50);
            append(spool, {lines, lines_in(lines)});
            wanted += lines;
            if (run % 2 == 0)
                spool.tidy();
        }
    }
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    CHECK(spool.lines() == lines_in(wanted));
    const Names left = names();
    CHECK(std::ranges::any_of(left, [](const std::string& name) { return name.ends_with(".gz"); }));
    CHECK(std::ranges::any_of(left, [](const std::string& name) { return name.ends_with(".jsonl"); }));
    CHECK(drain(spool) == wanted);
    CHECK(spool.lines() == 0);
    CHECK(names().empty());
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool: batches respect the limits, and a segment is removed after its last batch") {
    settings.batch_lines = 4;
    Spool spool(settings, hooks);
    append(spool, numbered_batch(10, 10));
    for (const std::size_t lines : {4U, 4U, 2U}) {
        CHECK(names().size() == 1);
        const Batch* batch = spool.begin();
        REQUIRE(batch != nullptr);
        CHECK(batch->lines == lines);
        spool.accept();
    }
    CHECK(names().empty());
    // The last batch is exactly full.
    append(spool, numbered_batch(10, 4));
    REQUIRE(spool.begin() != nullptr);
    spool.accept();
    CHECK(names().empty());

    settings.folder += "2";
    settings.batch_bytes = 2 * numbered_lines(10, 1).size() + 1;
    Spool by_bytes(settings, hooks);
    append(by_bytes, numbered_batch(10, 5));
    for (const std::size_t lines : {2U, 2U, 1U}) {
        const Batch* batch = by_bytes.begin();
        REQUIRE(batch != nullptr);
        CHECK(batch->lines == lines);
        by_bytes.accept();
    }
    settings.folder += "3";
    settings.batch_bytes = 1; // a line larger than the limit is a batch of its own
    Spool by_line(settings, hooks);
    append(by_line, numbered_batch(10, 2));
    CHECK(by_line.begin()->lines == 1);
    CHECK(drain(by_line) == numbered_lines(10, 2));
}

TEST_CASE_FIXTURE(SpoolTest, "spool: closed segments are gzipped one by one, and keep lines, mode and time") {
    settings.segment_bytes = 100;
    Spool spool(settings, hooks);
    const std::int64_t then = now;
    append(spool, numbered_batch(1, 5));
    now += 10'000'000'000;
    append(spool, numbered_batch(6, 2));
    now += 10'000'000'000;
    CHECK(names() == Names{"000000000001.jsonl", "000000000002.jsonl"});
    spool.tidy();
    CHECK(names().size() == 2);
    spool.tidy();
    spool.tidy();
    CHECK(names() == Names{"000000000001-5.jsonl.gz", "000000000002-2.jsonl.gz"});
    CHECK(unpacked(path("000000000001-5.jsonl.gz")) == numbered_json(1, 5));
    CHECK(mode_of(path("000000000001-5.jsonl.gz")) == 0600);
    CHECK(status_of(path("000000000001-5.jsonl.gz")).st_mtim.tv_sec == then / 1'000'000'000);
    CHECK(spool.bytes() == std::filesystem::file_size(path("000000000001-5.jsonl.gz")) +
                               std::filesystem::file_size(path("000000000002-2.jsonl.gz")));
    CHECK(spool.lines() == 7);
    CHECK(drain(spool) == numbered_lines(1, 7));
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a segment that is being read is neither gzipped nor appended to") {
    settings.batch_lines = 2;
    Spool spool(settings, hooks);
    append(spool, numbered_batch(1, 4));
    REQUIRE(spool.begin() != nullptr);
    append(spool, numbered_batch(5, 1));
    spool.tidy();
    CHECK(names() == Names{"000000000001.jsonl", "000000000002.jsonl"});
    CHECK(content("000000000001.jsonl") == numbered_json(1, 4));
    CHECK(drain(spool) == numbered_lines(1, 5));
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool: a segment of an earlier run is not appended to, and is delivered first") {
    { append(*std::make_unique<Spool>(settings, hooks), numbered_batch(1, 2)); }
    Spool spool(settings, hooks);
    append(spool, numbered_batch(3, 1));
    CHECK(names() == Names{"000000000001.jsonl", "000000000002.jsonl"});
    CHECK(content("000000000001.jsonl") == numbered_json(1, 2));
    CHECK(drain(spool) == numbered_lines(1, 3));
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a batch that was not accepted is read again after a restart") {
    settings.batch_lines = 2;
    {
        Spool spool(settings, hooks);
        append(spool, numbered_batch(1, 6));
        REQUIRE(spool.begin() != nullptr);
        spool.accept();
        REQUIRE(spool.begin() != nullptr);
        CHECK(spool.lines() == 4);
    }
    Spool spool(settings, hooks);
    CHECK_FALSE(spool.open());
    CHECK(spool.lines() == 6);
    CHECK(drain(spool) == numbered_lines(1, 6));
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a line that is not line protocol is moved to *.bad") {
    Spool spool(settings, hooks);
    append(spool, {numbered_lines(1, 1) + "not ours\n" + numbered_lines(2, 1), 3});
    CHECK(drain(spool) == numbered_lines(1, 2));
    CHECK(names() == Names{"000000000001.jsonl.bad"});
    CHECK(content("000000000001.jsonl.bad") == "not ours\n");
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a new file of another program is not overwritten") {
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    write("000000000001.jsonl", "foreign");
    append(spool, numbered_batch(1, 1));
    CHECK(content("000000000001.jsonl") == "foreign");
    CHECK(content("000000000002.jsonl") == numbered_json(1, 1));
}
