// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/queue.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon;
using deliver::Queue;
using deliver::QueueSettings;
using std::chrono::hours;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

Batch ten_bytes(char name) {
    return {std::string(10, name), 2};
}

QueueSettings spooled(milliseconds spool_after = hours(1), std::size_t limit_bytes = 1000) {
    QueueSettings settings;
    settings.spooled = true;
    settings.spool_after = spool_after;
    settings.limit_bytes = limit_bytes;
    return settings;
}

char name_of(const Batch* batch) {
    return batch == nullptr ? '-' : batch->body.front();
}

/// Spools every batch that is due. Returns their names in that order.
std::string spool_all(Queue& queue, bool written = true) {
    std::string names;
    while (const auto due = queue.begin_spooling()) {
        names += due->batch->body.front();
        queue.end_spooling(*due, written ? Queue::Spooled::written : Queue::Spooled::failed);
        if (!written)
            break;
    }
    return names;
}

} // namespace

TEST_CASE("with a spool the newest batch is sent first") {
    Queue queue(spooled());
    for (const char name : {'a', 'b', 'c'})
        queue.push(ten_bytes(name));
    std::string order;
    while (const Batch* next = queue.begin()) {
        order += next->body.front();
        queue.accept();
    }
    CHECK(order == "cba");
    CHECK(queue.take_settled().empty());
    CHECK_FALSE(queue.begin_spooling());
}

TEST_CASE("undelivered batches become due, the oldest first; only the newest stays in memory") {
    Queue queue(spooled(milliseconds(0)));
    for (const char name : {'a', 'b', 'c'})
        queue.push(ten_bytes(name));
    CHECK(spool_all(queue) == "abc");
    CHECK(queue.bytes() == 10);
    CHECK(queue.lines() == 0); // all are in the spool
    CHECK(name_of(queue.begin()) == 'c');
    CHECK(queue.take_settled().size() == 2);
}

TEST_CASE("no batch is due before its time") {
    Queue queue(spooled(hours(1)));
    queue.push(ten_bytes('a'));
    CHECK_FALSE(queue.begin_spooling());
    CHECK(queue.lines() == 2);
}

TEST_CASE("while delivery fails every batch is due at once") {
    Queue queue(spooled(hours(1)));
    queue.push(ten_bytes('a'));
    REQUIRE(queue.begin() != nullptr);
    queue.set_failing();
    CHECK(spool_all(queue) == "a"); // although it is in flight
    queue.push(ten_bytes('b'));
    CHECK(spool_all(queue) == "b");
    queue.keep();
    CHECK(queue.bytes() == 10); // a is only in the spool
    CHECK(name_of(queue.begin()) == 'b');
    queue.accept();
    queue.push(ten_bytes('c'));
    CHECK_FALSE(queue.begin_spooling());
}

TEST_CASE("a batch that is delivered after it was spooled is reported, so that it is not sent again") {
    Queue queue(spooled(milliseconds(0)));
    queue.push(ten_bytes('a'));
    REQUIRE(queue.begin() != nullptr);
    const auto due = queue.begin_spooling();
    REQUIRE(due);
    SUBCASE("after it is written") {
        queue.end_spooling(*due, Queue::Spooled::written);
        queue.accept();
    }
    SUBCASE("while it is written") {
        queue.accept();
        CHECK(due->batch->body == "aaaaaaaaaa"); // stays until it is written
        queue.end_spooling(*due, Queue::Spooled::written);
    }
    const auto settled = queue.take_settled();
    REQUIRE(settled.size() == 1);
    CHECK(settled.front().id == due->id);
    CHECK(settled.front().delivered);
    CHECK(queue.take_settled().empty());
    CHECK(queue.bytes() == 0);
}

TEST_CASE("a newer batch replaces a spooled one in memory") {
    Queue queue(spooled(milliseconds(0)));
    queue.push(ten_bytes('a'));
    CHECK(spool_all(queue) == "a");
    CHECK(queue.take_settled().empty());
    queue.push(ten_bytes('b'));
    const auto settled = queue.take_settled();
    REQUIRE(settled.size() == 1);
    CHECK_FALSE(settled.front().delivered);
    CHECK(queue.bytes() == 10);
}

TEST_CASE("a batch that could not be written is due again, and is dropped if the memory is full") {
    Queue queue(spooled(milliseconds(0), 20));
    queue.push(ten_bytes('a'));
    queue.push(ten_bytes('b'));
    CHECK(spool_all(queue, false) == "a");
    CHECK(queue.lines() == 4);
    queue.push(ten_bytes('c'));
    CHECK(queue.dropped_lines() == 2);
    CHECK(spool_all(queue) == "bc");
}

TEST_CASE("a spooled batch that leaves a full memory does not count as dropped") {
    Queue queue(spooled(milliseconds(0), 10));
    queue.push(ten_bytes('a'));
    CHECK(spool_all(queue) == "a");
    queue.push(ten_bytes('b'));
    CHECK(queue.dropped_lines() == 0);
    CHECK(queue.lines() == 2);
}

TEST_CASE("a batch that is being written is never dropped") {
    Queue queue(spooled(milliseconds(0), 10));
    queue.push(ten_bytes('a'));
    const auto due = queue.begin_spooling();
    REQUIRE(due);
    CHECK_FALSE(queue.push(ten_bytes('b')));
    CHECK(due->batch->body == "aaaaaaaaaa");
    CHECK(queue.dropped_lines() == 2);
    queue.end_spooling(*due, Queue::Spooled::written);
}

TEST_CASE("the backlog is sent if no sampled batch is ready; its delivery is reported once") {
    Queue queue(spooled());
    const Batch backlog{"old", 3};
    CHECK(queue.take_backlog() == Queue::Backlog::none);
    queue.offer_backlog(backlog);
    CHECK(queue.take_backlog() == Queue::Backlog::offered);
    queue.push(ten_bytes('a'));
    CHECK(name_of(queue.begin()) == 'a');
    queue.accept();
    CHECK(queue.begin() == &backlog);
    CHECK_FALSE(queue.withdraw_backlog());
    queue.keep();
    CHECK(queue.take_backlog() == Queue::Backlog::offered);
    CHECK(queue.begin() == &backlog);
    queue.accept();
    CHECK(queue.take_backlog() == Queue::Backlog::delivered);
    CHECK(queue.take_backlog() == Queue::Backlog::none);
    CHECK(queue.lines() == 0);
}

TEST_CASE("the backlog is sent at a limited rate") {
    QueueSettings settings = spooled();
    settings.backlog_rate = 1; // 3 lines: the next one in 3 s
    Queue queue(settings);
    const Batch backlog{"old", 3};
    queue.offer_backlog(backlog);
    CHECK(queue.begin() == &backlog);
    queue.accept();
    CHECK(queue.take_backlog() == Queue::Backlog::delivered);
    queue.offer_backlog(backlog);
    CHECK(queue.begin() == nullptr);
    queue.push(ten_bytes('a'));
    CHECK(name_of(queue.begin()) == 'a'); // live batches do not wait for it
}

TEST_CASE("a withdrawn backlog is not sent, and none is sent after close()") {
    Queue queue(spooled());
    const Batch backlog{"old", 3};
    queue.offer_backlog(backlog);
    CHECK(queue.withdraw_backlog());
    CHECK(queue.begin() == nullptr);
    queue.offer_backlog(backlog);
    queue.close();
    CHECK(queue.begin(Queue::TimePoint::max()) == nullptr);
}

TEST_CASE("a batch waits for the send offset, unless the queue is closed") {
    QueueSettings settings = spooled();
    settings.send_offset = hours(1);
    Queue queue(settings);
    queue.push(ten_bytes('a'));
    CHECK(queue.begin() == nullptr);
    CHECK(queue.begin(Clock::now() + milliseconds(1)) == nullptr);
    queue.close();
    CHECK(name_of(queue.begin(Queue::TimePoint::max())) == 'a');
}

TEST_CASE("waiting to send ends after the send offset") {
    QueueSettings settings = spooled();
    settings.send_offset = milliseconds(20);
    Queue queue(settings);
    const auto begin = Clock::now();
    queue.push(ten_bytes('a'));
    CHECK(name_of(queue.begin(Queue::TimePoint::max())) == 'a');
    CHECK(Clock::now() - begin >= milliseconds(20));
}

TEST_CASE("waiting to spool ends when a batch is due, at the end, and at the deadline") {
    Queue queue(spooled(milliseconds(20)));
    queue.wait_for_spooling(Clock::now() + milliseconds(1), true);
    queue.push(ten_bytes('a'));
    queue.wait_for_spooling(Queue::TimePoint::clock::now() + hours(1), true);
    CHECK(queue.begin_spooling());
    queue.finish();
    queue.wait_for_spooling(Queue::TimePoint::clock::now() + hours(1), false);
}

TEST_CASE("after finish() every batch is due") {
    Queue queue(spooled(hours(1)));
    queue.push(ten_bytes('a'));
    queue.push(ten_bytes('b'));
    queue.close();
    queue.finish();
    CHECK(spool_all(queue) == "ab");
    CHECK(queue.lines() == 0);
}

TEST_CASE("the rest of a batch takes its place in the spool, and is due at once under the same id") {
    Queue queue(spooled(milliseconds(0)));
    queue.push(ten_bytes('a'));
    REQUIRE(queue.begin() != nullptr);
    CHECK(spool_all(queue) == "a");
    queue.keep_rest({"rest", 1});
    CHECK(queue.lines() == 0); // the whole batch is still in the spool
    CHECK(queue.bytes() == 4);
    const auto rest = queue.begin_spooling();
    REQUIRE(rest);
    CHECK(rest->id == 1);
    CHECK(rest->batch->body == "rest");
    queue.end_spooling(*rest, Queue::Spooled::written);
    CHECK(queue.take_settled().empty());
    CHECK_FALSE(queue.begin_spooling());
    CHECK(queue.lines() == 0);
}

TEST_CASE(
    "the rest of a batch that is being written: the whole batch counts neither as spooled nor as left") {
    for (const auto result : {Queue::Spooled::written, Queue::Spooled::failed}) {
        Queue queue(spooled(milliseconds(0)));
        queue.push(ten_bytes('a'));
        REQUIRE(queue.begin() != nullptr);
        const auto due = queue.begin_spooling();
        REQUIRE(due);
        queue.keep_rest({"rest", 1});
        CHECK(due->batch->body == std::string(10, 'a')); // unchanged while it is written
        queue.end_spooling(*due, result);
        CHECK(queue.take_settled().empty());
        CHECK(queue.lines() == (result == Queue::Spooled::failed ? 1U : 0U));
        CHECK(name_of(queue.begin()) == 'r');
        queue.accept();
        const auto settled = queue.take_settled();
        CHECK(settled.size() == (result == Queue::Spooled::written ? 1U : 0U));
        if (!settled.empty())
            CHECK(settled.front().delivered);
        CHECK(queue.bytes() == 0);
    }
}
