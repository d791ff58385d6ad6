// SPDX-License-Identifier: GPL-2.0-or-later
// A stop while a batch is decided in part: what is stored or refused is never sent again.
#include "deliver/target.hpp"

#include "support/has.hpp"
#include "support/log_capture.hpp"
#include "support/temp_folder.hpp"
#include "unit/deliver/fake_sink.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <new>
#include <string>
#include <thread>

using namespace lxcmon;
using namespace lxcmon::deliver;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeSink;
using test::has;

namespace {

const std::string stored = "stored,n=0 v=1 1\nstored,n=1 v=1 1\n";
const std::string bad_lines = "bad,n=0 v=1 1\nbad,n=1 v=1 1\n";
const std::string left_over = "later,n=0 v=1 1\nlater,n=1 v=1 1\n";
const std::string next_batch = "later,n=2 v=1 2\n";
const Batch mixed{stored + left_over + bad_lines, 6};

class MidwayRig {
  public:
    MidwayRig() {
        settings.queue.spool_after = std::chrono::hours(1);
        settings.spool.emplace();
        settings.spool->folder = folder.path("spool");
        settings.delivery.first_wait = milliseconds(1);
        settings.delivery.most_wait = milliseconds(5);
    }
    [[nodiscard]] Target target(FakeSink::Judge judge) const {
        auto sink = std::make_unique<FakeSink>();
        sink->judge = std::move(judge);
        return {std::move(sink), settings};
    }
    /// Everything that the spool has for the next start.
    [[nodiscard]] std::string in_spool() const {
        spool::Spool spool(*settings.spool);
        REQUIRE_FALSE(spool.open());
        std::string lines;
        while (const Batch* batch = spool.begin()) {
            lines += batch->body;
            spool.accept();
        }
        return lines;
    }

    test::TempFolder folder;
    test::LogCapture log;
    TargetSettings settings;
};

bool wait_midway(const std::function<bool()>& ready) {
    for (const auto end = std::chrono::steady_clock::now() + seconds(20);
         !ready() && std::chrono::steady_clock::now() < end;)
        std::this_thread::sleep_for(milliseconds(2));
    return ready();
}

/// Bad lines are refused, the others are stored, except for those that come later. A few lines at most.
Outcome midway(std::string_view lines) {
    if (has(lines, "bad"))
        return Outcome::refused;
    if (has(lines, "later"))
        return lines.size() > left_over.size() ? Outcome::too_large : Outcome::retry;
    return Outcome::delivered;
}

/// The last third first: bad lines are refused before the later ones fail.
const Batch bad_first{bad_lines + stored + left_over, 6};

} // namespace

TEST_CASE("a stop in the middle of a live batch spools the lines that are not decided, and no other") {
    MidwayRig rig;
    {
        Target target = rig.target(midway);
        target.start();
        target.push(bad_first);
        SUBCASE("not yet in the spool") {}
        SUBCASE("the whole batch is in the spool already") {
            // The first failure makes it due.
            REQUIRE(wait_midway([&] { return target.status().spool_points >= 2; }));
        }
        REQUIRE(wait_midway([&] { return target.status().counts.retries > 0; }));
        CHECK(target.status().counts.rejected_points == 2);
        CHECK(target.stop(milliseconds(100)).lost_lines == 0);
        CHECK(target.status().spool_points == 2);
        CHECK(target.status().queue_points == 0);
    }
    CHECK(rig.in_spool() == left_over);
}

TEST_CASE("a stop in the middle of a backlog batch leaves the lines that are not decided, and no other") {
    MidwayRig rig;
    {
        spool::Spool spool(*rig.settings.spool);
        REQUIRE(spool.append(bad_first).entry);
        REQUIRE(spool.append({next_batch, 1}).entry);
    }
    {
        rig.settings.spool->batch_lines = 6;
        Target target = rig.target(midway);
        target.start();
        REQUIRE(wait_midway([&] { return target.status().counts.retries > 2; }));
        CHECK(target.status().counts.rejected_points == 2);
        CHECK(target.stop(milliseconds(0)).lost_lines == 0);
        CHECK(target.status().spool_points == 3);
    }
    CHECK(rig.in_spool() == left_over + next_batch);
}

TEST_CASE("once: what is decided is not spooled, and is taken out of the spool") {
    MidwayRig rig;
    std::string wanted = left_over;
    SUBCASE("a live batch") {
        Target target = rig.target(midway);
        target.push(bad_first);
        const auto delivered = target.deliver_now(seconds(5), 2);
        CHECK(delivered.lines_left == 2);
        CHECK(delivered.spooled_lines == 2);
    }
    SUBCASE("a batch of the spool") {
        {
            spool::Spool spool(*rig.settings.spool);
            REQUIRE(spool.append(bad_first).entry);
            REQUIRE(spool.append({next_batch, 1}).entry);
        }
        rig.settings.spool->batch_lines = 6;
        Target target = rig.target(midway);
        CHECK(target.deliver_now(seconds(5), 2).lines_left == 0);
        CHECK(target.status().queue_points == 0);
        wanted += next_batch;
    }
    CHECK(rig.in_spool() == wanted);
}

TEST_CASE("a line above a proxy's limit waits in the spool and delays no live batch") {
    MidwayRig rig;
    rig.settings.delivery.settings_wait = std::chrono::hours(1);
    {
        Target target = rig.target(
            [](std::string_view lines) { return has(lines, "bad") ? Outcome::limited : Outcome::delivered; });
        target.start();
        target.push(mixed);
        REQUIRE(wait_midway([&] { return target.status().counts.delivered_points == 4; }));
        REQUIRE(wait_midway([&] { return target.status().spool_points == 2; }));
        target.push({next_batch, 1});
        REQUIRE(wait_midway([&] { return target.status().counts.delivered_points == 5; }));
        CHECK(target.stop(milliseconds(0)).lost_lines == 0);
        CHECK(target.status().counts.rejected_points == 0);
    }
    CHECK(rig.in_spool() == bad_lines);
}

TEST_CASE("a line above a proxy's limit goes to the end of the spool and holds up no other line of it") {
    MidwayRig rig;
    rig.settings.spool->batch_lines = 2;
    const auto judge = [](std::string_view lines) {
        return has(lines, "bad") ? Outcome::limited : Outcome::delivered;
    };
    const auto spool_before = [&](const Batch& first) {
        spool::Spool spool(*rig.settings.spool);
        REQUIRE(spool.append(first).entry);
        REQUIRE(spool.append({next_batch, 1}).entry);
    };
    SUBCASE("other lines of its batch are stored") {
        rig.settings.spool->batch_lines = 6;
        rig.settings.delivery.settings_wait = std::chrono::hours(1);
        spool_before(mixed);
    }
    SUBCASE("nothing of its batch is stored: it is tried again, and goes to the end again") {
        rig.settings.delivery.settings_wait = milliseconds(5);
        spool_before({bad_lines, 2});
    }
    {
        Target target = rig.target(judge);
        target.start();
        REQUIRE(wait_midway([&] {
            return target.status().counts.delivered_points % 4 == 1 && target.status().spool_points == 2;
        }));
        CHECK(target.stop(milliseconds(0)).lost_lines == 0);
        CHECK(target.status().counts.rejected_points == 0);
        CHECK(target.status().spool_points == 2);
    }
    CHECK(rig.in_spool() == bad_lines);
}

TEST_CASE("lines above a proxy's limit at the head of each batch delay no other line") {
    MidwayRig rig;
    rig.settings.delivery.settings_wait = std::chrono::hours(1);
    Target target = rig.target([](std::string_view lines) {
        return has(lines, "long") || lines.size() > left_over.size() ? Outcome::limited : Outcome::delivered;
    });
    target.start();
    std::string head;
    for (const char* name : {"a", "b", "c", "d"})
        head += "long,n=" + std::string(name) + " v=" + std::string(20, '1') + " 1\n";
    target.push({head + left_over + next_batch, 7});
    REQUIRE(wait_midway([&] { return target.status().counts.delivered_points == 3; }));
    CHECK(target.stop(milliseconds(0)).lost_lines == 0);
    CHECK(target.status().counts.rejected_points == 0);
}

TEST_CASE("an error in the middle of the spooler's work costs neither the process nor the spool") {
    MidwayRig rig;
    const std::string& path = rig.settings.spool->folder;
    std::ofstream(path) << "a file where the folder should be";
    Target target = rig.target({});
    target.start();
    CHECK_FALSE(target.status().trouble.empty());
    {
        spool::Settings settings = *rig.settings.spool;
        settings.folder += "-of-another";
        spool::Spool other(settings);
        REQUIRE_FALSE(other.open());
        // At once, or the spooler may take the folder first; its try throws SpoolHeld.
        REQUIRE(::renameat2(AT_FDCWD, settings.folder.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0);
        REQUIRE(wait_midway([&] { return has(target.status().trouble, "in use by"); }));
    }
    REQUIRE(wait_midway([&] { return target.status().trouble.empty(); }));
}

TEST_CASE("no memory in the middle of a batch: what is decided is not sent again") {
    MidwayRig rig;
    Queue queue({.limit_bytes = 10'000});
    FakeSink sink;
    sink.judge = [](std::string_view lines) {
        return has(lines, "bad") ? Outcome::refused : Outcome::delivered;
    };
    DeliverySettings settings;
    unsigned refused = 0;
    settings.on_rejected = [&](const spool::Rejected&) {
        if (++refused == 2)
            throw std::bad_alloc();
    };
    Sender sender(queue, sink, settings);
    sender.start();
    queue.push(mixed);
    REQUIRE(wait_midway([&] { return sender.counts().rejected_points == 2 && queue.lines() == 0; }));
    CHECK(sender.stop() == 0);
    CHECK(sender.counts().delivered_points == 4);
    CHECK(refused == 3);
    std::string sent;
    for (const std::string& body : sink.sent)
        if (!has(body, "bad"))
            sent += body;
    CHECK(sent == stored + "later,n=0 v=1 1\n" + "later,n=1 v=1 1\n");
    CHECK(has(rig.log.take(), "sending: "));
}
