// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver/queue.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>

using namespace lxcmon;
using deliver::Queue;

namespace {

Batch batch_of(char name, std::size_t bytes = 10) {
    return {std::string(bytes, name), 2};
}

char front(Queue& queue) {
    const Batch* oldest = queue.begin();
    const char name = oldest == nullptr ? '-' : oldest->body.front();
    if (oldest != nullptr)
        queue.keep();
    return name;
}

} // namespace

TEST_CASE("batches are sent in order, and stay until they are accepted") {
    Queue queue({.limit_bytes = 100});
    CHECK(queue.begin() == nullptr);
    CHECK(queue.push(batch_of('a')));
    CHECK(queue.push(batch_of('b')));
    CHECK(front(queue) == 'a');
    CHECK(front(queue) == 'a');
    REQUIRE(queue.begin() != nullptr);
    CHECK(queue.lines() == 4);
    queue.accept();
    CHECK(front(queue) == 'b');
    CHECK(queue.lines() == 2);
    CHECK(queue.bytes() == 10);
}

TEST_CASE("a full queue drops the oldest batch, but never the one in flight") {
    Queue queue({.limit_bytes = 30});
    for (const char name : {'a', 'b', 'c'})
        CHECK(queue.push(batch_of(name)));
    const Batch* in_flight = queue.begin();
    REQUIRE(in_flight != nullptr);
    CHECK(queue.push(batch_of('d')));
    CHECK(queue.dropped_lines() == 2);
    CHECK(queue.bytes() == 30);
    CHECK(in_flight->body == "aaaaaaaaaa");
    queue.accept();
    CHECK(front(queue) == 'c');
}

TEST_CASE("a batch larger than the queue is counted, and drops no other batch") {
    Queue queue({.limit_bytes = 30});
    CHECK(queue.push(batch_of('a')));
    CHECK_FALSE(queue.push(batch_of('x', 31)));
    CHECK(front(queue) == 'a');
    REQUIRE(queue.begin() != nullptr);
    CHECK_FALSE(queue.push(batch_of('x', 21))); // no room beside the one in flight
    CHECK(queue.dropped_lines() == 4);
}

TEST_CASE("a closed queue accepts no batch and returns the ones it has") {
    Queue queue({.limit_bytes = 30});
    CHECK(queue.push(batch_of('a')));
    queue.close();
    CHECK_FALSE(queue.push(batch_of('b')));
    CHECK(queue.dropped_lines() == 2);
    CHECK(queue.begin(Queue::TimePoint::max()) != nullptr);
    queue.accept();
    CHECK(queue.begin(Queue::TimePoint::max()) == nullptr);
}

TEST_CASE("waiting ends at the deadline, at a push, and at a close") {
    Queue queue({.limit_bytes = 30});
    CHECK(queue.begin(std::chrono::steady_clock::now()) == nullptr);
    std::thread pusher([&] { queue.push(batch_of('a')); });
    CHECK(queue.begin(Queue::TimePoint::max()) != nullptr);
    pusher.join();
    queue.accept();
    std::thread closer([&] { queue.close(); });
    CHECK(queue.begin(Queue::TimePoint::max()) == nullptr);
    closer.join();
}

TEST_CASE("an empty batch is ignored") {
    Queue queue({.limit_bytes = 30});
    CHECK(queue.push({}));
    CHECK(queue.begin() == nullptr);
}

TEST_CASE("two threads: every line is sent or counted as dropped") {
    constexpr std::size_t pushed = 20'000;
    Queue queue({.limit_bytes = 50});
    std::size_t taken = 0;
    std::thread taker([&] {
        while (const Batch* next = queue.begin(Queue::TimePoint::max())) {
            if ((taken / 2) % 3 == 1 && next->body.front() == 'a') {
                queue.keep();
                next = queue.begin();
            }
            taken += next->lines;
            queue.accept();
        }
    });
    for (std::size_t count = 0; count < pushed; ++count) {
        CHECK(queue.push(batch_of(count % 2 == 0 ? 'a' : 'b')));
        REQUIRE(queue.bytes() <= 50);
    }
    queue.close();
    taker.join();
    CHECK(taken + queue.dropped_lines() == 2 * pushed);
    CHECK(queue.lines() == 0);
}
