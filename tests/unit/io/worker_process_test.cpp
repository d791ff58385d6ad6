// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/stuck_worker.hpp"

#include "io/worker_process.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

using namespace lxcmon;
using io::WorkerProcess;

namespace {

constexpr std::uint64_t part_a = 1, part_b = 2, part_c = 3;

io::UnreapedWorker& kill_at(WorkerProcess& worker, const char* subject, std::uint64_t part) {
    io::UnreapedWorker* const killed = worker.kill();
    REQUIRE(killed != nullptr);
    killed->subject = subject;
    killed->part = part;
    return *killed;
}

bool can_start(WorkerProcess& worker) {
    try {
        test::start_idle(worker);
        return true;
    } catch (const std::system_error& error) {
        CHECK(error.code().value() == EAGAIN);
        return false;
    }
}

/// True if start() fails without a call of fork(), which its message would name.
bool is_not_tried(WorkerProcess& worker) {
    try {
        test::start_idle(worker);
        return false;
    } catch (const std::system_error& error) {
        return std::string(error.what()).find("fork") == std::string::npos;
    }
}

bool fails_without_a_fork() {
    WorkerProcess worker("test-fork");
    const auto reason = [] {
        const auto& failures = WorkerProcess::start_failures();
        return failures.contains("test-fork") ? failures.at("test-fork") : std::string();
    };
    if (!test::refuse_fork() || can_start(worker))
        return false;
    const std::string first = reason();
    return first.find("fork: Resource temporarily unavailable") != std::string::npos &&
           is_not_tried(worker) && reason() == first && !worker.is_running() && worker.kill() == nullptr;
}

} // namespace

TEST_CASE("a killed worker that does not end blocks its place until it has ended") {
    WorkerProcess first;
    WorkerProcess second;
    test::start_idle(first);
    test::start_idle(second);
    test::TracerOf held({first.pid(), second.pid()});
    const pid_t pid = first.pid();
    CHECK_FALSE(WorkerProcess::is_blocked("web", part_a));
    CHECK(kill_at(first, "web", part_a).pid == pid);
    CHECK_FALSE(first.is_running());
    WorkerProcess::reap();
    REQUIRE(WorkerProcess::not_reaped().size() == 1);
    CHECK(WorkerProcess::is_blocked("web", part_a));
    CHECK_FALSE(WorkerProcess::is_blocked("web", part_b));
    CHECK_FALSE(WorkerProcess::is_blocked("other", part_a));
    CHECK_FALSE(WorkerProcess::is_blocked("", 0));
    // With two of them the whole subject is blocked.
    kill_at(second, "web", part_b);
    WorkerProcess::reap();
    CHECK(WorkerProcess::is_blocked("web", part_c));
    CHECK_FALSE(WorkerProcess::is_blocked("other", part_c));
    held.tracer.end();
    CHECK(test::all_reaped());
    CHECK_FALSE(WorkerProcess::is_blocked("web", part_a));
}

TEST_CASE("killed workers that do not end are bounded, for each kind") {
    {
        std::vector<std::unique_ptr<WorkerProcess>> workers;
        std::vector<pid_t> pids;
        for (std::size_t number = 0; number < WorkerProcess::most_of_kind; ++number) {
            workers.push_back(std::make_unique<WorkerProcess>("test-bound"));
            test::start_idle(*workers.back());
            pids.push_back(workers.back()->pid());
        }
        test::TracerOf held(pids);
        workers.clear();
        CHECK(WorkerProcess::not_reaped().size() == WorkerProcess::most_of_kind);
        WorkerProcess more("test-bound");
        CHECK_FALSE(can_start(more));
        CHECK(WorkerProcess::start_failures().at("test-bound") == "16 earlier ones can't be ended");
        WorkerProcess other("test-other");
        CHECK(can_start(other));
        held.tracer.end();
        CHECK(test::all_reaped());
        CHECK(can_start(more));
        CHECK_FALSE(WorkerProcess::start_failures().contains("test-bound"));
    }
    CHECK(test::all_reaped());
}

TEST_CASE("running workers of all kinds are known until they are killed") {
    WorkerProcess first("test-first");
    WorkerProcess second("test-second");
    test::start_idle(first);
    test::start_idle(second);
    const auto runs = [](pid_t pid) { return std::ranges::count(WorkerProcess::running(), pid) == 1; };
    CHECK(runs(first.pid()));
    CHECK(runs(second.pid()));
    const pid_t killed = first.pid();
    first.kill();
    CHECK_FALSE(runs(killed));
    CHECK(runs(second.pid()));
    second.kill();
    CHECK(test::all_reaped());
}

TEST_CASE("a worker that runs is none that an earlier run left") {
    {
        WorkerProcess worker("lxcmon-test");
        test::start_idle(worker);
        WorkerProcess::find_earlier();
        CHECK(WorkerProcess::not_reaped().empty());
    }
    CHECK(test::all_reaped());
}

TEST_CASE("a worker that can't be forked is tried again later, and the reason is kept") {
    CHECK_NOTHROW(test::Child(0, &fails_without_a_fork));
}
