// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/stuck_worker.hpp"

#include "app/helper_watch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <system_error>

using namespace lxcmon;
using io::WorkerProcess;
using test::count_of;

namespace {

/// The log of report_helpers(), which is repeated until there is one or ten seconds have passed.
std::string next_report(test::LogCapture& log) {
    std::string text;
    for (int round = 0; round < 1000 && text.empty(); ++round) {
        WorkerProcess::reap();
        app::report_helpers();
        text = log.take();
        ::usleep(10'000);
    }
    return text;
}

} // namespace

TEST_CASE("a helper that can't be ended is logged once, and when it ends, without a wait for it") {
    test::LogCapture log;
    WorkerProcess worker("test-stuck");
    test::start_idle(worker);
    const std::string name = "test-stuck (pid " + std::to_string(worker.pid());
    test::TracerOf held({worker.pid()});
    worker.kill()->subject = "/var/lib/lxc/web";
    app::report_helpers(); // it may end at any moment
    CHECK(log.take().empty());
    CHECK(count_of(next_report(log),
                   "warning helper process " + name + ", sent to /var/lib/lxc/web) can't be ended") == 1);
    app::report_helpers();
    CHECK(log.take().empty());
    app::report_helpers_at_end();
    CHECK(count_of(log.take(), "warning 1 helper processes can't be ended and outlive the agent") == 1);
    held.tracer.end();
    CHECK(count_of(next_report(log), "info helper process " + name + ") has ended") == 1);
    app::report_helpers_at_end();
    CHECK(log.take().empty());
}

TEST_CASE("a kind of helper that can't be started is logged once, and when it works again") {
    test::LogCapture log;
    {
        std::vector<std::unique_ptr<WorkerProcess>> workers;
        std::vector<pid_t> pids;
        for (std::size_t number = 0; number < WorkerProcess::most_of_kind; ++number) {
            workers.push_back(std::make_unique<WorkerProcess>("test-full"));
            test::start_idle(*workers.back());
            pids.push_back(workers.back()->pid());
        }
        test::TracerOf held(pids);
        workers.clear();
        WorkerProcess more("test-full");
        for (int round = 0; round < 2; ++round) {
            CHECK_THROWS_AS(more.start("starting it", &test::idle), std::system_error);
            app::report_helpers();
            CHECK(log.take() == (round == 0
                                     ? "warning no helper process test-full can be started: 16 earlier "
                                       "ones can't be ended; its metrics are left out\n"
                                     : ""));
        }
        held.tracer.end();
        CHECK(test::all_reaped());
        test::start_idle(more);
        app::report_helpers();
        CHECK(log.take() == "info helper processes test-full can be started again\n");
    }
    CHECK(test::all_reaped());
}
