// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/view/figures.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::push;

namespace {

template <typename Fill>
void add(Figures& figures, std::string_view measurement, Fill fill) {
    PointBuffer points;
    points.begin(measurement, 1);
    fill(points);
    points.end();
    add_to_figures(points[0], figures);
}

void add_interface(Figures& figures, std::int64_t rx, std::int64_t tx) {
    add(figures, "lxc_net", [&](PointBuffer& points) {
        points.field("rx_bytes", rx);
        points.field("tx_bytes", tx);
    });
}

void add_filesystem(Figures& figures, std::string_view mount_point, std::int64_t used, std::int64_t total) {
    add(figures, "lxc_fs", [&](PointBuffer& points) {
        points.tag("mountpoint", mount_point);
        points.field("used_bytes", used);
        points.field("total_bytes", total);
    });
}

void add_device(Figures& figures, std::string_view stacked, std::int64_t read, std::int64_t written) {
    add(figures, "lxc_io", [&](PointBuffer& points) {
        points.tag("stacked", stacked);
        points.field("read_bytes", read);
        points.field("write_bytes", written);
    });
}

void add_pressure(Figures& figures, std::string_view resource, double share) {
    add(figures, "lxc_pressure", [&](PointBuffer& points) {
        points.tag("resource", resource);
        points.field("some_avg10", share);
    });
}

Figures running(std::int64_t rx, std::int64_t tx) {
    Figures figures;
    figures.init_pid = 100;
    add_interface(figures, rx, tx);
    return figures;
}

} // namespace

TEST_CASE("the values of each point go into the figures") {
    Figures figures;
    add(figures, "lxc_state", [](PointBuffer& points) {
        points.field("state", "FROZEN");
        points.field("lock", "backup");
        points.field("init_pid", std::int64_t{42});
        points.field("restarts", std::int64_t{3});
    });
    add(figures, "lxc_cpu", [](PointBuffer& points) {
        points.field("usage_percent", 12.5);
        points.field("limit_cores", 1.5);
    });
    add(figures, "lxc_memory", [](PointBuffer& points) {
        points.field("used_bytes", std::int64_t{1000});
        points.field("limit_bytes", std::int64_t{2000});
        points.field("oom_kill", std::int64_t{2});
    });
    add(figures, "lxc_pids", [](PointBuffer& points) { points.field("processes", std::int64_t{7}); });
    add_filesystem(figures, "/data", 70, 90);
    add_filesystem(figures, "/", 5, 9);
    add_filesystem(figures, "/tmp", 700, 900);
    add_pressure(figures, "cpu", 1);
    add_pressure(figures, "memory", 2);
    add_pressure(figures, "io", 3);
    add_pressure(figures, "irq", 4);
    CHECK(figures.state == "FROZEN");
    CHECK(figures.lock == "backup");
    CHECK(figures.init_pid == 42);
    CHECK(figures.restarts == 3);
    CHECK(figures.cpu_percent == 12.5);
    CHECK(figures.cpu_limit_cores == 1.5);
    CHECK(figures.memory_used_bytes == 1000);
    CHECK(figures.memory_limit_bytes == 2000);
    CHECK(figures.oom_kills == 2);
    CHECK(figures.processes == 7);
    CHECK(figures.disk_used_bytes == 5);
    CHECK(figures.disk_total_bytes == 9);
    CHECK(figures.pressure.cpu == 1);
    CHECK(figures.pressure.memory == 2);
    CHECK(figures.pressure.io == 3);
    CHECK_FALSE(figures.counters.rx_bytes);
}

TEST_CASE("the host's CPUs are its limit") {
    Figures host;
    add(host, "host_cpu", [](PointBuffer& points) {
        points.field("usage_percent", 150.0);
        points.field("cpus", std::int64_t{4});
    });
    CHECK(host.cpu_percent == 150.0);
    CHECK(host.cpu_limit_cores == 4.0);
}

TEST_CASE("interfaces and devices are added up, stacked devices left out; absent values stay absent") {
    Figures figures;
    add_interface(figures, 10, 1);
    add_interface(figures, 20, 2);
    add(figures, "lxc_net", [](PointBuffer& points) { points.field("mtu", std::int64_t{1500}); });
    CHECK(figures.counters.rx_bytes == 30);
    CHECK(figures.counters.tx_bytes == 3);
    add_device(figures, "", 100, 10);
    add_device(figures, "true", 100, 10);
    add_device(figures, "", 1, 1);
    CHECK(figures.counters.read_bytes == 101);
    CHECK(figures.counters.write_bytes == 11);
    add(figures, "lxc_cpu", [](PointBuffer& points) { points.field("usage_usec", std::int64_t{1}); });
    CHECK_FALSE(figures.cpu_percent);
}

TEST_CASE("rates come from two samples with the same init") {
    Figures now = running(3000, 500);
    now.counters.nr_periods = 120;
    now.counters.nr_throttled = 15;
    Figures before = running(1000, 500);
    before.counters.nr_periods = 100;
    before.counters.nr_throttled = 5;
    set_rates(before, 2.0, now);
    CHECK(now.rx_bytes_per_sec == 1000.0);
    CHECK(now.tx_bytes_per_sec == 0.0);
    CHECK(now.throttled_percent == 50.0);
    CHECK_FALSE(now.read_bytes_per_sec);
}

TEST_CASE("the throttled share is one of periods, never more than all, and 0 where none passed") {
    const auto share = [](std::int64_t periods, std::int64_t throttled) {
        Figures now = running(0, 5), before = running(0, 5);
        before.counters.nr_periods = before.counters.nr_throttled = 100;
        now.counters.nr_periods = 100 + periods;
        now.counters.nr_throttled = 100 + throttled;
        set_rates(before, 0.5, now);
        return now.throttled_percent;
    };
    CHECK(share(8, 2) == 25.0);
    CHECK(share(4, 5) == 100.0); // the kernel counts a period at its end
    CHECK(share(0, 0) == 0.0);
    CHECK_FALSE(share(-1, 0));
    Figures now = running(0, 5);
    set_rates(running(0, 5), 0.5, now);
    CHECK_FALSE(now.throttled_percent);
}

TEST_CASE("no rate if a counter went backwards") {
    Figures now = running(999, 600);
    set_rates(running(1000, 500), 1.0, now);
    CHECK_FALSE(now.rx_bytes_per_sec);
    CHECK(now.tx_bytes_per_sec == 100.0);
}

TEST_CASE("no rate if init has changed, a sample is missing or no time has passed") {
    const Figures earlier = running(1000, 500);
    Figures now = running(3000, 900);
    SUBCASE("another init") {
        now.init_pid = 101;
        set_rates(earlier, 1.0, now);
    }
    SUBCASE("not seen before") {
        set_rates({}, 1.0, now);
    }
    SUBCASE("stopped since") {
        now = {};
        set_rates(earlier, 1.0, now);
    }
    SUBCASE("no time between the samples") {
        set_rates(earlier, 0.0, now);
    }
    CHECK_FALSE(now.rx_bytes_per_sec);
    CHECK_FALSE(now.tx_bytes_per_sec);
}
