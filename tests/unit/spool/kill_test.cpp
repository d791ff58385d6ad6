// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/log_capture.hpp"
#include "unit/spool/spool_support.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <set>

using namespace lxcmon;
using namespace lxcmon::spool;
using namespace lxcmon::test;

namespace {

/// Appends batches of 10 lines, numbered from `first` on, without end. Writes a byte to `write_end` after
/// each batch.
void append_endlessly(const Settings& settings, const spool::Hooks& hooks, std::size_t first, int write_end) {
    Spool spool(settings, hooks);
    for (std::size_t batch = 0;; ++batch) {
        if (!spool.append(numbered_batch(first + 10 * batch, 10)).entry || ::write(write_end, "x", 1) != 1)
            ::_exit(1);
        spool.tidy();
    }
}

} // namespace

TEST_CASE_FIXTURE(SpoolTest, "spool crash: a killed process loses no appended batch") {
    settings.segment_bytes = 5000;
    const LogCapture log;
    std::set<std::string> wanted;
    for (std::size_t kill = 1; kill <= 20; ++kill) {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        const io::UniqueFd reader(ends[0]);
        io::UniqueFd writer(ends[1]);
        const std::size_t first = kill * 1'000'000;
        Child child(0, {}, [&] { append_endlessly(settings, hooks, first, writer.get()); });
        writer.reset();
        std::array<char, 1> byte{};
        std::size_t batches = 0;
        for (; batches < 3 * kill; ++batches)
            REQUIRE(::read(reader.get(), byte.data(), 1) == 1);
        child.end();
        while (::read(reader.get(), byte.data(), 1) == 1)
            ++batches;
        wanted.merge(lines_of(numbered_lines(first, 10 * batches)));
    }
    Spool spool(settings, hooks);
    REQUIRE_FALSE(spool.open());
    const auto got = lines_of(drain(spool));
    CHECK(std::ranges::includes(got, wanted));
    CHECK(got.size() <= wanted.size() + 20 * 10); // each kill may leave one more batch
    CHECK(spool.dropped_lines() == 0);
}
