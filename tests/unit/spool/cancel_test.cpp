// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit/spool/spool_support.hpp"

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

TEST_CASE_FIXTURE(SpoolTest, "spool: cancelling the only batch leaves 0 bytes") {
    Spool spool(settings, hooks);
    for (std::size_t round = 0; round < 3; ++round) {
        const auto entry = append(spool, numbered_batch(round, 5));
        CHECK(spool.bytes() > 0);
        spool.cancel(entry);
        CHECK(spool.bytes() == 0);
        CHECK(spool.lines() == 0);
        CHECK(std::filesystem::file_size(path("000000000001.jsonl")) == 0);
        CHECK(spool.begin() == nullptr);
    }
    append(spool, numbered_batch(7, 1));
    CHECK(drain(spool) == numbered_lines(7, 1));
}

TEST_CASE_FIXTURE(SpoolTest, "spool: an empty segment is removed at the end of the run") {
    {
        Spool spool(settings, hooks);
        spool.cancel(append(spool, numbered_batch(1, 5)));
        CHECK(names() == Names{"000000000001.jsonl"});
    }
    CHECK(names().empty());
}

TEST_CASE_FIXTURE(SpoolTest, "spool: cancelled batches are skipped at any position") {
    Spool spool(settings, hooks);
    std::vector<Entry> entries;
    for (std::size_t batch = 0; batch < 6; ++batch)
        entries.push_back(append(spool, numbered_batch(2 * batch, 2)));
    const std::uint64_t all_bytes = spool.bytes();
    spool.cancel(entries[0]);
    spool.cancel(entries[3]);
    CHECK(spool.bytes() == all_bytes); // other batches follow
    spool.cancel(entries[5]);
    spool.cancel(entries[5]);
    CHECK(spool.bytes() < all_bytes);
    CHECK(spool.lines() == 6);
    spool.cancel(entries[4]); // also frees the batch before it, which is cancelled already
    CHECK(content("000000000001.jsonl") == numbered_json(0, 6));
    append(spool, numbered_batch(20, 2));
    CHECK(drain(spool) == numbered_lines(2, 4) + numbered_lines(20, 2));
    CHECK(names().empty());
}

TEST_CASE_FIXTURE(SpoolTest, "spool: gzip omits batches cancelled before and after the segment was closed") {
    settings.segment_bytes = numbered_json(10, 7).size();
    Spool spool(settings, hooks);
    std::vector<Entry> entries;
    for (std::size_t batch = 0; batch < 4; ++batch) {
        entries.push_back(append(spool, numbered_batch(10 + 2 * batch, 2)));
        if (batch == 1)
            spool.cancel(entries[1]);
    }
    CHECK(names() == Names{"000000000001.jsonl"});
    append(spool, numbered_batch(50, 2)); // the fifth fills it
    spool.cancel(entries[2]);
    CHECK(spool.lines() == 6);
    spool.tidy();
    CHECK(names() == Names{"000000000001-6.jsonl.gz"});
    CHECK(unpacked(path(names()[0])) == numbered_json(10, 2) + numbered_json(16, 2) + numbered_json(50, 2));
    spool.cancel(entries[0]); // too late
    CHECK(spool.lines() == 6);
    CHECK(drain(spool) == numbered_lines(10, 2) + numbered_lines(16, 2) + numbered_lines(50, 2));
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool: what may still be cancelled is neither read nor gzipped, open or closed") {
    for (const std::uint64_t segment_bytes : {std::uint64_t{1}, std::uint64_t{1} << 20U}) {
        settings.segment_bytes = segment_bytes;
        Spool spool(settings, hooks);
        const auto first = append(spool, numbered_batch(1, 2));
        CHECK(spool.begin(first.segment) == nullptr);
        spool.tidy(first.segment);
        CHECK(names() == Names{plain_name(first.segment)});
        const auto second = append(spool, numbered_batch(3, 2));
        if (second.segment != first.segment) {
            spool.tidy(second.segment);
            CHECK(names() == Names{gzip_name(first.segment, 2), plain_name(second.segment)});
        } else {
            spool.cancel(first);
        }
        spool.cancel(second);
        CHECK(drain(spool) == (second.segment != first.segment ? numbered_lines(1, 2) : ""));
    }
}

TEST_CASE_FIXTURE(SpoolTest, "spool: a closed segment with only cancelled batches is removed") {
    settings.segment_bytes = 1;
    Spool spool(settings, hooks);
    const auto entry = append(spool, numbered_batch(1, 2));
    CHECK(names().size() == 1);
    spool.cancel(entry);
    CHECK(names().empty());
    CHECK(spool.begin() == nullptr);
    CHECK(spool.bytes() == 0);
}

TEST_CASE_FIXTURE(SpoolTest, "spool: cancel ignores batches that are being read and unknown entries") {
    settings.batch_lines = 1;
    Spool spool(settings, hooks);
    const auto first = append(spool, numbered_batch(1, 1));
    const auto second = append(spool, numbered_batch(2, 1));
    REQUIRE(spool.begin() != nullptr);
    spool.cancel(second);
    spool.cancel(first);
    spool.cancel({77, 0});
    spool.cancel({first.segment, 77});
    CHECK(spool.lines() == 2);
    CHECK(drain(spool) == numbered_lines(1, 2));
    spool.cancel(first);
    CHECK(spool.lines() == 0);
}

TEST_CASE_FIXTURE(SpoolTest, "spool: an entry is never reused for another batch") {
    Spool spool(settings, hooks);
    const auto first = append(spool, numbered_batch(1, 1));
    spool.cancel(first);
    const auto second = append(spool, numbered_batch(2, 1));
    spool.cancel(first); // again
    CHECK(spool.lines() == 1);
    CHECK(drain(spool) == numbered_lines(2, 1));
    const auto third = append(spool, numbered_batch(3, 1));
    CHECK(third.segment != second.segment);
}
