// SPDX-License-Identifier: GPL-2.0-or-later
// Files that were made to be slow: the reader's work has bounds, and other work goes on in between.
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

TEST_CASE_FIXTURE(SpoolTest, "spool work: a file with too many damaged lines is kept whole") {
    const std::string gzip = packed(numbered_json(1, 2) + std::string(30'000, '\n') + numbered_json(3, 1));
    write("000000000001-3.jsonl.gz", gzip);
    write("000000000002.jsonl", numbered_json(4, 1));
    LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    static_cast<void>(log.take());
    CHECK(drain(spool) == numbered_lines(1, 2) + numbered_lines(4, 1));
    CHECK(spool.lines() == 0);
    CHECK(content("000000000001-3.jsonl.gz.bad") == gzip);
    CHECK(log.take() == "warning spool: " + path("000000000001-3.jsonl.gz") +
                            ": more than 10000 damaged lines; the readable part is delivered, the file is "
                            "kept as 000000000001-3.jsonl.gz.bad\n");
}

TEST_CASE_FIXTURE(SpoolTest, "spool work: a file that unpacks to more than a segment is kept whole") {
    const std::string gzip =
        packed(numbered_json(1, 1) + std::string(65U << 20U, 'x') + "\n" + numbered_json(2, 1));
    write("000000000001-2.jsonl.gz", gzip);
    LogCapture log;
    Spool spool(settings, hooks);
    CHECK_FALSE(spool.open());
    CHECK(drain(spool) == numbered_lines(1, 1));
    CHECK(content("000000000001-2.jsonl.gz.bad") == gzip);
    CHECK(log.take().find("larger than any segment") != std::string::npos);
}

TEST_CASE_FIXTURE(SpoolTest,
                  "spool work: a plain file larger than a segment is neither counted nor gzipped") {
    write("000000000001.jsonl", numbered_json(1, 1));
    std::filesystem::resize_file(path("000000000001.jsonl"), std::uintmax_t{1} << 40U); // sparse
    settings.max_bytes = std::uint64_t{1} << 41U;
    const LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    spool.tidy();
    CHECK(names() == Names{"000000000001.jsonl"});
    CHECK(drain(spool) == numbered_lines(1, 1));
    CHECK(names() == Names{"000000000001.jsonl.bad"});
}

TEST_CASE_FIXTURE(SpoolTest, "spool work: slices of a damaged file, with other work in between") {
    constexpr std::uint64_t slice = 1U << 20U;
    const std::string bad(1000, 'x');
    std::string damage;
    for (int line = 0; line < 5000; ++line)
        damage += bad + "\n"; // 5 MB
    write("000000000001.jsonl", damage + numbered_json(1, 2) + damage + numbered_json(3, 2));
    const LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    std::string lines;
    int pauses = 0;
    for (std::size_t number = 5; lines_in(lines) < 4 && pauses < 100;) {
        if (const Batch* batch = spool.begin(Spool::every_segment, slice)) {
            lines += batch->body;
            spool.accept();
        } else {
            ++pauses;
            append(spool, numbered_batch(number++, 1));
        }
    }
    CHECK(lines == numbered_lines(1, 4));
    CHECK(pauses >= 8);
    CHECK(drain(spool) == numbered_lines(5, static_cast<std::size_t>(pauses)));
    CHECK(names() == Names{"000000000001.jsonl.bad"});
    CHECK(spool.lines() == 0);
}

TEST_CASE_FIXTURE(SpoolTest, "spool work: slices of a good file give smaller batches, and lose no line") {
    write("000000000001.jsonl", numbered_json(1, 3000));
    const LogCapture log;
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    std::string lines;
    std::size_t batches = 0;
    for (; const Batch* batch = spool.begin(Spool::every_segment, 10'000); ++batches) {
        lines += batch->body;
        spool.accept();
    }
    CHECK(lines == numbered_lines(1, 3000));
    CHECK(batches > 10);
    CHECK(names().empty());
}
