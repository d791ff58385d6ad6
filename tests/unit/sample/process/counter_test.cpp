// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/encoded.hpp"
#include "support/log_capture.hpp"

#include "sample/process/counter.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::count_of;
using Outcome = ProcessCounter::Outcome;

namespace {

constexpr std::int64_t second = 1'000'000'000;

Container container_c() {
    Container container;
    container.id = 1;
    container.name = "c";
    return container;
}

/// A running container.
Container container_of(const test::Child& init) {
    Container container = container_c();
    container.init_pid = init.pid();
    container.init_pidfd.reset(::fcntl(init.pidfd(), F_DUPFD_CLOEXEC, 0));
    return container;
}

/// A counter with a clock and a number of threads that the test sets.
struct Counted {
    explicit Counted(ProcessCounter::Wanted wanted = {})
        : counter(container_c(), wanted) {
        reply.processes = 3;
    }
    ProcessCounter counter;
    CountReply reply{};
    std::int64_t now_ns = 1000 * second;
    std::optional<std::int64_t> threads = 5;
    test::LogCapture log{};

    [[nodiscard]] ProcessCounter::Now now() const { return {now_ns, now_ns, threads}; }
    NamespaceRequest request() {
        NamespaceRequest request;
        const bool is_due = counter.prepare(request, now());
        CHECK(is_due == (request.want_processes || request.want_start));
        return request;
    }
    std::optional<std::int64_t> take(Outcome outcome, Stage stage = Stage::unknown) {
        Readings readings;
        static_cast<void>(request());
        counter.take(outcome, reply, {stage, 0, ""}, now(), readings);
        return readings.integer(field_id("lxc_pids", "processes"));
    }
};

void silent_worker(int, HelperProgress&, const WorkerSettings&) {
    for (;;)
        ::pause();
}

} // namespace

TEST_CASE("the number of processes") {
    Counted c;
    CHECK(c.request().scan == Scan::processes);
    CHECK(c.request().want_processes);
    CHECK(c.take(Outcome::answered) == 3);
    CHECK(c.counter.is_well());
    CHECK_FALSE(Counted({false, true}).request().want_processes); // not wanted
}

TEST_CASE("processes are counted when the number of threads changes, and once in each interval") {
    Counted c({.interval = std::chrono::seconds(60)});
    CHECK(c.take(Outcome::answered) == 3);
    CHECK_FALSE(c.request().want_processes);
    c.threads = 6;
    CHECK(c.request().want_processes);
    CHECK(c.request().want_processes); // until they are counted
    CHECK(c.take(Outcome::answered) == 3);
    CHECK_FALSE(c.request().want_processes);
    c.threads.reset(); // no pids controller: each tick
    for (int round = 0; round < 2; ++round)
        CHECK(c.take(Outcome::answered) == 3);
    c.threads = 6;
    CHECK(c.take(Outcome::answered) == 3);
    int counts = 0;
    for (int tick = 0; tick < 60; ++tick, c.now_ns += 10 * second)
        if (c.request().want_processes) {
            ++counts;
            CHECK(c.take(Outcome::answered) == 3);
        }
    CHECK(counts >= 9);
    CHECK(counts <= 11);
}

TEST_CASE("a count that did not take place is due at the next tick") {
    Counted c({.interval = std::chrono::seconds(60)});
    CHECK(c.take(Outcome::answered) == 3);
    c.threads = 6;
    CHECK_FALSE(c.take(Outcome::hung));
    CHECK_FALSE(c.take(Outcome::broken));
    CHECK(c.request().want_processes);
    CHECK(c.take(Outcome::answered) == 3);
    CHECK_FALSE(c.request().want_processes);
}

TEST_CASE("reading the start of init is not a count") {
    Counted c({.start = true, .interval = std::chrono::seconds(60)});
    CHECK(c.take(Outcome::answered) == 3); // the start is not known
    CHECK_FALSE(c.request().want_processes);
    CHECK(c.request().want_start);
    c.reply = {};
    c.reply.start_ticks = 42;
    CHECK_FALSE(c.take(Outcome::answered));
    c.threads = 6;
    CHECK(c.request().want_processes);
}

TEST_CASE("after a container that hangs, the remaining ones are skipped in this tick") {
    const test::LogCapture log;
    const test::Child init;
    const Container container = container_of(init);
    NamespaceHelper helper(std::chrono::milliseconds(50), {}, &silent_worker);
    ProcessCounter first(container, {});
    ProcessCounter behind(container, {});
    Readings readings;
    CountPass pass{helper, TimeBudget(std::chrono::milliseconds(50))};
    first.sample(pass, container, 1, readings);
    behind.sample(pass, container, 1, readings);
    CHECK(first.may_hang());
    CHECK_FALSE(behind.may_hang());
    CHECK(behind.was_left_out());
    CHECK_FALSE(behind.is_well());
    CountPass next{helper, TimeBudget(std::chrono::milliseconds(50))};
    behind.sample(next, container, 2, readings);
    CHECK(behind.may_hang());
}

TEST_CASE("counting uses up the time budget, and without time left no container is counted") {
    const test::Child init;
    const Container container = container_of(init);
    NamespaceHelper helper(std::chrono::seconds(20));
    ProcessCounter counter(container, {.start = true});
    Readings readings;
    CountPass pass{helper, TimeBudget(std::chrono::nanoseconds(1))};
    counter.sample(pass, container, 1, readings);
    CHECK(pass.budget.is_spent());
    CHECK(counter.start_ticks());
    ProcessCounter behind(container, {.start = true});
    behind.sample(pass, container, 1, readings);
    CHECK_FALSE(behind.start_ticks());
}

TEST_CASE("if /proc hangs, the number of processes is left out for 5 minutes") {
    Counted c;
    c.reply.processes = -1;
    CHECK_FALSE(c.take(Outcome::hung, Stage::processes));
    CHECK(c.log.take() == "warning container c: reading its /proc timed out; the number of its processes is "
                          "left out for 5 minutes\n");
    CHECK(c.counter.may_hang());
    CHECK_FALSE(c.counter.is_well());
    c.now_ns += 299 * second;
    CHECK_FALSE(c.request().want_processes);
    c.now_ns += 2 * second;
    CHECK(c.request().want_processes);
    CHECK_FALSE(c.take(Outcome::hung, Stage::processes));
    CHECK(c.log.take().empty());
    c.now_ns += 301 * second;
    c.reply.processes = 4;
    CHECK(c.take(Outcome::answered) == 4);
    CHECK(c.log.take() == "info container c: its /proc answers again\n");
    CHECK(c.counter.is_well());
}

TEST_CASE("the start of init is requested until it is known, except during a pause after a hang") {
    CHECK_FALSE(Counted().request().want_start); // not wanted
    Counted c({false, true});
    CHECK(c.request().want_start);
    CHECK_FALSE(c.take(Outcome::hung, Stage::processes));
    CHECK_FALSE(c.request().want_start);
    CHECK_FALSE(c.counter.start_ticks());
    c.now_ns += 301 * second;
    CHECK(c.request().want_start);
    c.reply.start_ticks = 42;
    static_cast<void>(c.take(Outcome::answered));
    CHECK(c.counter.start_ticks() == 42);
    CHECK_FALSE(c.request().want_start);
}

TEST_CASE("a /proc that hung and is gone now is no problem") {
    Counted c;
    CHECK_FALSE(c.take(Outcome::hung, Stage::processes));
    c.now_ns += 301 * second;
    c.reply.processes = -1;
    CHECK_FALSE(c.take(Outcome::answered));
    CHECK(c.counter.is_well());
}

TEST_CASE("a helper that did not get to a container in time does not pause it") {
    Counted c;
    for (int round = 0; round < 2; ++round) {
        CHECK_FALSE(c.take(Outcome::hung));
        CHECK(count_of(c.log.take(), "container c: the helper process did not get to it in time") ==
              (round == 0 ? 1 : 0));
        CHECK(c.request().want_processes);
        CHECK_FALSE(c.counter.is_well());
    }
    CHECK(c.take(Outcome::answered) == 3);
    CHECK(c.counter.is_well());
}

TEST_CASE("a helper that ends is logged once, an init that has ended is not logged") {
    Counted c;
    for (int round = 0; round < 2; ++round) {
        CHECK_FALSE(c.take(Outcome::broken));
        CHECK(count_of(c.log.take(), "the helper process ended") == (round == 0 ? 1 : 0));
    }
    CHECK(c.take(Outcome::answered) == 3);
    CHECK(c.counter.is_well());
    c.reply.error = ESRCH;
    CHECK_FALSE(c.take(Outcome::answered));
    CHECK(c.log.take().empty());
}

TEST_CASE("slow counting is logged, and done once a minute") {
    Counted c;
    CHECK_FALSE(c.counter.may_hang());
    c.reply.processes_nsec = 200'000'000;
    CHECK(c.take(Outcome::answered) == 3);
    CHECK(count_of(c.log.take(), "container c: counting its processes in its /proc took 200 ms") == 1);
    CHECK(c.counter.may_hang());
    CHECK_FALSE(c.request().want_processes);
    c.now_ns += 61 * second;
    CHECK(c.request().want_processes);
    CHECK(c.take(Outcome::answered) == 3);
    CHECK(c.log.take().empty());
}

TEST_CASE("a slow /proc that is no procfs is read once a minute, too") {
    Counted c;
    c.reply.processes = -1;
    c.reply.processes_nsec = 1'900'000'000;
    CHECK_FALSE(c.take(Outcome::answered));
    CHECK(count_of(c.log.take(), "container c: counting its processes in its /proc took 1900 ms") == 1);
    CHECK_FALSE(c.request().want_processes);
    c.now_ns += 61 * second;
    CHECK(c.request().want_processes);
}
