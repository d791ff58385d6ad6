// SPDX-License-Identifier: GPL-2.0-or-later
// The rest of a batch that is decided in part, while the batch itself is being written to the spool.
#include "deliver/queue.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon;
using deliver::Queue;
using deliver::QueueSettings;

namespace {

QueueSettings queue_for_rests(std::size_t limit_bytes = 1000) {
    QueueSettings settings;
    settings.spooled = true;
    settings.spool_after = std::chrono::milliseconds(0);
    settings.limit_bytes = limit_bytes;
    return settings;
}

} // namespace

TEST_CASE("the rest of a batch that is not written yet counts as left: the disk may never answer") {
    Queue queue(queue_for_rests());
    queue.push({std::string(10, 'a'), 2});
    REQUIRE(queue.begin() != nullptr);
    const auto due = queue.begin_spooling();
    REQUIRE(due);
    queue.keep_rest({"rest", 1});
    CHECK(queue.lines() == 1);
    queue.end_spooling(*due, Queue::Spooled::written);
    CHECK(queue.lines() == 0);
}

TEST_CASE("the rest of a rest that can't be written keeps the first batch in the spool") {
    Queue queue(queue_for_rests());
    queue.push({std::string(10, 'a'), 3});
    REQUIRE(queue.begin() != nullptr);
    const auto whole = queue.begin_spooling();
    REQUIRE(whole);
    queue.end_spooling(*whole, Queue::Spooled::written);
    queue.keep_rest({"rest", 2});
    REQUIRE(queue.begin() != nullptr);
    const auto rest = queue.begin_spooling();
    REQUIRE(rest);
    queue.keep_rest({"r", 1});
    queue.end_spooling(*rest, Queue::Spooled::failed);
    CHECK(queue.take_settled().empty());
    CHECK(queue.lines() == 0);
    REQUIRE(queue.begin() != nullptr);
    queue.accept();
    const auto settled = queue.take_settled();
    REQUIRE(settled.size() == 1);
    CHECK(settled.front().id == whole->id);
    CHECK(settled.front().delivered);
}
