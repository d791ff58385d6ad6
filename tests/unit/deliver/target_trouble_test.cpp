// SPDX-License-Identifier: GPL-2.0-or-later
// Batches that a server never accepts, failing disks, limits that are too small: other batches must go on.
#include "deliver/target.hpp"

#include "support/encoded.hpp"
#include "support/has.hpp"
#include "support/log_capture.hpp"
#include "support/temp_folder.hpp"
#include "unit/deliver/fake_sink.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::has;
using test::verdict_of;

namespace {

/// Answers with a function of the test, which runs in the sender's thread.
class JudgingSink final : public Sink {
  public:
    using Judge = std::function<Outcome(std::string_view)>;
    explicit JudgingSink(Judge judge)
        : judge_(std::move(judge)) {}
    Verdict send(std::string_view lines) override { return verdict_of(judge_(lines)); }
    void set_deadline(std::chrono::steady_clock::time_point) noexcept override {}
    std::vector<Finding> probe() override { return {}; }
    std::string name() const override { return "judge"; }

  private:
    Judge judge_;
};

Batch numbered(const std::string& measurement, int count) {
    Batch batch;
    for (int number = 0; number < count; ++number, ++batch.lines)
        batch.body += measurement + ",n=" + std::to_string(number) + " v=1 1\n";
    return batch;
}

class TroubleRig {
  public:
    TroubleRig() {
        settings.queue.spool_after = milliseconds(5);
        settings.spool.emplace();
        settings.spool->folder = folder.path("spool");
        settings.delivery.first_wait = milliseconds(1);
        settings.delivery.most_wait = settings.delivery.settings_wait = milliseconds(20);
    }
    Target& start(JudgingSink::Judge judge) {
        target.emplace(std::make_unique<JudgingSink>(std::move(judge)), settings);
        target->start();
        return *target;
    }
    /// Pushes a live line every 2 ms until `ready` is true, for at most 20 s.
    bool push_until(const std::function<bool()>& ready) {
        for (const auto end = std::chrono::steady_clock::now() + seconds(20);
             std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(milliseconds(2))) {
            if (ready())
                return true;
            target->push(numbered("live", 1));
        }
        return ready();
    }
    void spool(const Batch& batch) const {
        spool::Spool spool(*settings.spool);
        REQUIRE(spool.append(batch).entry);
    }
    [[nodiscard]] Target::Status status() const { return target->status(); }

    test::TempFolder folder;
    test::LogCapture log;
    TargetSettings settings;
    std::optional<Target> target;
};

} // namespace

TEST_CASE("a line that always gets 500 is found in any place, and live batches go on") {
    TroubleRig rig;
    Target& target = rig.start([](std::string_view lines) {
        return has(lines, "poison") ? Outcome::server_error : Outcome::delivered;
    });
    target.push({"a v=1 1\npoison v=1 1\n", 2});
    CHECK(rig.push_until([&] { return rig.status().counts.rejected_points == 1; }));
    CHECK(rig.push_until([&] { return rig.status().counts.delivered_points > 50; }));
    CHECK(target.stop(seconds(5)).lost_lines == 0);
    CHECK(rig.status().counts.rejected_points == 1);
}

TEST_CASE("a backlog with 500 for each line delays no live batch, and ends") {
    TroubleRig rig;
    rig.spool(numbered("old", 40));
    rig.spool(numbered("good", 5));
    rig.start([](std::string_view lines) {
        return has(lines, "old") ? Outcome::server_error : Outcome::delivered;
    });
    CHECK(rig.push_until([&] { return rig.status().counts.delivered_points > 50; }));
    CHECK(rig.push_until([&] { return rig.status().counts.rejected_points == 40; }));
    CHECK(rig.push_until([&] { return rig.status().spool_points == 0; }));
}

TEST_CASE("a backlog without an answer delays no live batch, and is logged once") {
    TroubleRig rig;
    rig.spool(numbered("old", 1));
    rig.start([](std::string_view lines) { return has(lines, "old") ? Outcome::retry : Outcome::delivered; });
    CHECK(rig.push_until([&] { return rig.status().counts.retries > 20; }));
    CHECK(rig.status().counts.delivered_points > 20);
    CHECK(rig.status().spool_points >= 1);
    CHECK_FALSE(rig.status().trouble.empty());
    static_cast<void>(rig.target->stop(milliseconds(0)));
    const std::string logged = rig.log.take();
    CHECK(test::count_of(logged, "works again") == 0);
    CHECK(test::count_of(logged, "fails") == 1);
}

TEST_CASE("the backlog is sent even if a live batch is always ready") {
    std::atomic<bool> old_was_sent{false};
    TroubleRig rig;
    rig.settings.queue.spool_after = seconds(60);
    rig.spool(numbered("old", 1));
    rig.target.emplace(std::make_unique<JudgingSink>([&](std::string_view lines) {
                           // The next batch is queued before each answer.
                           rig.target->push(numbered("live", 1));
                           old_was_sent = old_was_sent || has(lines, "old");
                           return Outcome::delivered;
                       }),
                       rig.settings);
    rig.target->push(numbered("live", 1));
    rig.target->start();
    for (const auto end = std::chrono::steady_clock::now() + seconds(20);
         !old_was_sent && std::chrono::steady_clock::now() < end;)
        std::this_thread::sleep_for(milliseconds(1));
    CHECK(old_was_sent);
    static_cast<void>(rig.target->stop(milliseconds(0)));
}

TEST_CASE("a batch too large for the spool does not keep other batches out of it") {
    TroubleRig rig;
    rig.settings.spool->max_bytes = 2000;
    Target& target = rig.start([](std::string_view) { return Outcome::retry; });
    target.push(numbered("large", 200));
    CHECK(rig.push_until([&] { return rig.status().spool_points > 0; }));
    CHECK(rig.status().queue_points >= 200);
}

TEST_CASE("refused lines wait until they can be written, and the status says so") {
    TroubleRig rig;
    const std::string kept = rig.folder.path("spool/rejected.jsonl");
    REQUIRE(::mkdir(rig.folder.path("spool").c_str(), 0700) == 0);
    REQUIRE(::mkdir(kept.c_str(), 0700) == 0); // a failure that passes
    Target& target = rig.start(
        [](std::string_view lines) { return has(lines, "bad") ? Outcome::refused : Outcome::delivered; });
    target.push(numbered("bad", 1));
    CHECK(rig.push_until([&] { return has(rig.status().trouble, "refused lines can't be kept"); }));
    REQUIRE(::rmdir(kept.c_str()) == 0);
    CHECK(rig.push_until([&] { return ::access(kept.c_str(), F_OK) == 0; }));
    CHECK(rig.push_until([&] { return rig.status().trouble.empty(); }));
}

TEST_CASE("a sink that throws costs neither the process nor a point") {
    std::atomic<int> tries{0};
    TroubleRig rig; // its thread uses what is above
    rig.start([&](std::string_view) {
        if (++tries < 3)
            throw std::bad_alloc();
        return Outcome::delivered;
    });
    CHECK(rig.push_until([&] { return rig.status().counts.delivered_points > 0; }));
}

TEST_CASE("once: a backlog batch larger than the memory limit stays in the spool") {
    TroubleRig rig;
    rig.spool(numbered("old", 100));
    rig.settings.queue.limit_bytes = 500;
    {
        Target target(std::make_unique<JudgingSink>([](std::string_view) { return Outcome::delivered; }),
                      rig.settings);
        target.push(numbered("live", 1));
        CHECK(target.deliver_now(seconds(5), 2).lines_left == 0);
    }
    spool::Spool spool(*rig.settings.spool);
    CHECK_FALSE(spool.open());
    CHECK(spool.lines() == 100);
}

TEST_CASE("once, or without threads: what the spool's limits drop is counted") {
    TroubleRig rig;
    rig.settings.spool->max_bytes = 8000;
    for (int batch = 0; batch < 3; ++batch)
        rig.spool(numbered("old", 30));
    std::uint64_t dropped = 0;
    {
        Target target(std::make_unique<JudgingSink>([](std::string_view) { return Outcome::retry; }),
                      rig.settings);
        target.push(numbered("live", 60));
        SUBCASE("once") {
            CHECK(target.deliver_now(seconds(5), 2).spooled_lines == 60);
        }
        SUBCASE("without threads") {
            CHECK(target.stop(seconds(5)).lost_lines == 0);
        }
        dropped = target.status().counts.dropped_points;
    }
    CHECK(dropped > 0);
    spool::Spool spool(*rig.settings.spool);
    CHECK_FALSE(spool.open());
    CHECK(spool.lines() + dropped == 90 + 60);
}

TEST_CASE("a batch that the spool has too is sent and counted once, also if its segment is closed") {
    std::atomic<bool> is_up{false};
    TroubleRig rig;
    rig.settings.spool->segment_bytes = 1;
    Target& target = rig.start([&](std::string_view) { return is_up ? Outcome::delivered : Outcome::retry; });
    for (int batch = 0; batch < 3; ++batch) {
        is_up = false;
        target.push(numbered("live", 3));
        const auto wait_for_points = [&](std::uint64_t points) {
            for (const auto end = std::chrono::steady_clock::now() + seconds(20);
                 rig.status().spool_points != points && std::chrono::steady_clock::now() < end;)
                std::this_thread::sleep_for(milliseconds(1));
            REQUIRE(rig.status().spool_points == points);
        };
        wait_for_points(3);
        is_up = true;
        wait_for_points(0);
    }
    CHECK(target.stop(seconds(5)).lost_lines == 0);
    CHECK(rig.status().counts.delivered_points == 9);
}

TEST_CASE("a target whose threads could not be started spools its points at the end") {
    TroubleRig rig;
    rig.settings.queue.send_offset = std::chrono::hours(1);
    rig.target.emplace(std::make_unique<JudgingSink>([](std::string_view) { return Outcome::retry; }),
                       rig.settings);
    rig.target->push(numbered("live", 2));
    rig.target->push(numbered("live", 1));
    CHECK(rig.target->stop(seconds(5)).lost_lines == 0);
    spool::Spool spool(*rig.settings.spool);
    CHECK_FALSE(spool.open());
    CHECK(spool.lines() == 3);
}

TEST_CASE("a target that was never started and has no folder for its spool says what is lost") {
    TroubleRig rig;
    rig.settings.spool->folder = "/proc/no-such-folder";
    rig.target.emplace(std::make_unique<JudgingSink>([](std::string_view) { return Outcome::retry; }),
                       rig.settings);
    rig.target->push(numbered("live", 2));
    CHECK(rig.target->stop(seconds(5)).lost_lines == 2);
    CHECK(has(rig.log.take(), "the spool can't be used: /proc/no-such-folder"));
}

TEST_CASE(
    "a batch too large for the spool is logged once, and others do not log that the spool works again") {
    TroubleRig rig;
    rig.settings.spool->max_bytes = 2000;
    Target& target = rig.start([](std::string_view) { return Outcome::retry; });
    for (int count = 200; count < 205; ++count) {
        target.push(numbered("large", count));
        const std::uint64_t spooled = rig.status().spool_points + rig.status().counts.dropped_points;
        CHECK(rig.push_until(
            [&] { return rig.status().spool_points + rig.status().counts.dropped_points > spooled; }));
    }
    static_cast<void>(target.stop(milliseconds(0)));
    const std::string logged = rig.log.take();
    CHECK(test::count_of(logged, "raise it") == 1);
    CHECK(test::count_of(logged, "can be written again") == 0);
}
