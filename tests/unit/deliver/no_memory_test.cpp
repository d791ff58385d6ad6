// SPDX-License-Identifier: GPL-2.0-or-later
// Allocations of the sender's and the spooler's thread fail, each in its turn.
#include "deliver/target.hpp"

#include "support/has.hpp"
#include "support/log_capture.hpp"
#include "support/temp_folder.hpp"
#include "unit/deliver/fake_sink.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::milliseconds;

namespace {

thread_local bool has_memory = false;
std::atomic<int> allocations_left{0}; ///< of all other threads; the last two fail. 0: none fails

} // namespace

// Replace those of the C++ library in this program.
void* operator new(std::size_t size) {
    if (!has_memory && allocations_left > 0 && --allocations_left < 2)
        throw std::bad_alloc();
    if (void* const memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

/// Keeps what it stores without memory of the thread's own.
class StoringSink final : public Sink {
  public:
    explicit StoringSink(std::string& stored)
        : stored_(stored) {}
    Verdict send(std::string_view lines) override {
        Verdict verdict;
        if (++tries_ % 3 == 0) {
            verdict.outcome = Outcome::retry;
            verdict.message = "a message that is too long for a string without memory";
        } else if (lines.size() > 20) {
            verdict.outcome = Outcome::too_large;
        } else {
            stored_.append(lines);
        }
        return verdict;
    }
    void set_deadline(std::chrono::steady_clock::time_point) noexcept override {}
    std::vector<Finding> probe() override { return {}; }
    std::string name() const override { return "storing"; }

  private:
    std::string& stored_;
    unsigned tries_ = 0;
};

} // namespace

TEST_CASE("no memory at any moment of a thread: the process goes on, and no line is lost") {
    has_memory = true;
    const test::LogCapture log;
    const std::string lines = "a,n=0 v=1 1\na,n=1 v=1 1\nb,n=2 v=1 1\n";
    for (int number = 1; number <= 120; ++number) {
        CAPTURE(number);
        const test::TempFolder folder;
        TargetSettings settings;
        settings.queue.spool_after = milliseconds(0);
        settings.spool.emplace();
        settings.spool->folder = folder.path("spool");
        settings.delivery.first_wait = settings.delivery.most_wait = milliseconds(1);
        std::string stored;
        stored.reserve(10'000);
        std::size_t lost = 0;
        {
            Target target(std::make_unique<StoringSink>(stored), settings);
            allocations_left = number + 1;
            target.start();
            // One batch stays in memory, and is not read from the spool: the JSON reader's destructor needs
            // memory.
            target.push({lines, 3});
            lost = target.stop(milliseconds(20)).lost_lines;
            allocations_left = 0;
        }
        spool::Spool spool(*settings.spool);
        REQUIRE_FALSE(spool.open());
        while (const Batch* batch = spool.begin()) {
            stored += batch->body;
            spool.accept();
        }
        std::size_t found = 0;
        for (std::size_t at = 0; at < lines.size(); at += 12)
            found += test::has(stored, lines.substr(at, 12)) ? 1 : 0;
        CHECK(found + lost >= 3);
    }
}
