// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/self_metrics.hpp"

#include "support/child.hpp"
#include "support/encoded.hpp"

#include "io/worker_process.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <limits>
#include <string>

using namespace lxcmon;
using namespace lxcmon::push;

namespace {

app::CollectSettings named_host() {
    app::CollectSettings config;
    config.sample.tags.host = std::string("h"); // g++ 12 warns wrongly of an assigned literal
    config.sample.tags.user = {{"site", "a"}};
    return config;
}

} // namespace

TEST_CASE("the point of the agent has all fields") {
    SelfMetrics metrics;
    metrics.containers = 1;
    metrics.points = 2;
    metrics.tick_usec = 3;
    metrics.missed_ticks = 4;
    metrics.sample_errors = 5;
    deliver::Target::Status delivery;
    delivery.queue_points = 6;
    delivery.spool_bytes = 7;
    delivery.counts = {8, 9, 10, 11, 204};
    const app::CollectSettings settings = named_host();
    PointBuffer points;
    add_self_point(metrics, delivery, {12, 13}, settings, 1'000, points);
    CHECK(test::encoded(points) ==
          "lxcmon_push,host=h,site=a containers=1i,points=2i,tick_usec=3i,missed_ticks=4i,sample_errors=5i,"
          "queue_points=6i,spool_bytes=7i,delivered_points=8i,rejected_points=9i,dropped_points=10i,retries="
          "11i,"
          "last_status=204i,cpu_usec=12i,rss_bytes=13i 1000\n");
}

TEST_CASE("unknown values are left out, and a count beyond 2^63 stays positive") {
    deliver::Target::Status delivery;
    delivery.spool_bytes = std::numeric_limits<std::uint64_t>::max();
    const app::CollectSettings settings = named_host();
    PointBuffer points;
    add_self_point({}, delivery, {}, settings, 1'000, points);
    const std::string line = test::encoded(points);
    for (const char* absent : {"tick_usec", "last_status", "cpu_usec", "rss_bytes"})
        CHECK(line.find(absent) == std::string::npos);
    CHECK(line.find("spool_bytes=9223372036854775807i") != std::string::npos);
}

TEST_CASE("the costs include the process and its helpers") {
    const ProcessCosts own = process_costs({});
    REQUIRE(own.cpu_usec);
    REQUIRE(own.rss_bytes);
    CHECK(*own.rss_bytes % ::sysconf(_SC_PAGESIZE) == 0);
    CHECK(*own.rss_bytes > 0);
    // With the process itself as the helper, both values are about twice as large.
    const ProcessCosts twice = process_costs(std::array{pid_t{-1}, ::getpid()});
    CHECK(*twice.rss_bytes >= *own.rss_bytes * 3 / 2);
    CHECK(*twice.cpu_usec >= *own.cpu_usec * 3 / 2);
    const ProcessCosts thrice = process_costs(std::array{::getpid(), ::getpid()});
    CHECK(*thrice.rss_bytes >= *own.rss_bytes * 5 / 2);
    CHECK(process_costs(std::array{pid_t{999'999'999}}).rss_bytes);
}

TEST_CASE("the CPU time of a killed helper stays counted, before and after it is reaped") {
    io::WorkerProcess helper;
    helper.start("a helper", [](int socket) {
        while (::clock() < CLOCKS_PER_SEC / 20) {
        }
        static_cast<void>(::send(socket, "x", 1, MSG_NOSIGNAL));
        ::pause();
    });
    const pid_t pid = helper.pid();
    REQUIRE(helper.wait_for_reply(std::chrono::seconds(20)));
    const auto cpu_usec = [](pid_t child) { return *process_costs(std::array{child}).cpu_usec; };
    const std::int64_t before = cpu_usec(pid);
    const io::UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    helper.kill();
    CHECK(cpu_usec(-1) >= before);
    REQUIRE(test::ends_soon(pidfd.get()));
    CHECK(cpu_usec(-1) >= before);
    io::WorkerProcess::reap();
    CHECK(cpu_usec(-1) >= before);
}
