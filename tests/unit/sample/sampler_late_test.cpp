// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/machine.hpp"

#include "sample/sampler.hpp"

#include "io/clock.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::test;
using sample::Sampler;
using sample::SampleSettings;

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a late reading has its own time, in each measurement; the caller's point, too") {
    Machine machine;
    machine.tree().write("proc/loadavg", "0.50 0.25 0.00 1/2 3\n");
    Container stopped;
    stopped.id = 2;
    stopped.name = "stopped";
    stopped.state = "STOPPED";
    SampleSettings settings = machine.settings();
    settings.selection = Selection::by_default();
    settings.net_loopback = true;
    settings.late_after = std::chrono::hours(1); // however busy this machine is
    Sampler sampler(settings);
    for (const std::int64_t late_sec : {0, 2 * 3'600}) {
        PointBuffer points;
        const std::int64_t begin_ns = io::now_ns(CLOCK_REALTIME);
        const std::int64_t due_ns = begin_ns - late_sec * 1'000'000'000;
        CHECK(sampler.sample({&machine.container(), &stopped}, due_ns, points) == 0);
        const std::int64_t own_ns = sampler.timestamp_now();
        const std::string lines = test::encoded(points);
        CAPTURE(lines);
        for (const std::string measurement : {"host_load", "host_net", "host_fs", "lxc_cpu", "lxc_memory",
                                              "lxc_io", "lxc_pressure", "lxc_pids", "lxc_net", "lxc_fs"})
            CHECK(count_of(lines, measurement + ",") >= 1);
        CHECK(count_of(lines, "lxc_state,") == 2);
        std::int64_t first_ns = own_ns;
        std::int64_t last_ns = 0;
        for (std::size_t index = 0; index < points.size(); ++index) {
            first_ns = std::min(first_ns, points[index].time_ns);
            last_ns = std::max(last_ns, points[index].time_ns);
        }
        CHECK(last_ns <= own_ns);
        CHECK((late_sec == 0 ? own_ns == due_ns && first_ns == due_ns : first_ns >= begin_ns));
        CHECK((late_sec == 0 || own_ns <= io::now_ns(CLOCK_REALTIME)));
    }
}

TEST_CASE("a late reading does not count as one of the next tick") {
    Machine machine;
    SampleSettings settings = machine.settings();
    settings.fs_interval = std::chrono::hours(1);
    settings.late_after = std::chrono::seconds(1);
    Sampler sampler(settings);
    const std::int64_t now_ns = io::now_ns(CLOCK_REALTIME);
    for (const std::int64_t due_ns : {now_ns - std::int64_t{3'600'000'000'000}, now_ns}) {
        PointBuffer points;
        CHECK(sampler.sample({&machine.container()}, due_ns, points) == 0);
        CHECK(count_of(test::encoded(points), "lxc_fs,") == 1);
    }
}

TEST_SUITE_END();
