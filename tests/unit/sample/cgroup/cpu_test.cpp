// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/captured_reading.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::CapturedHost;
using test::CapturedReaders;
using test::Fixture;
using test::TempTree;

namespace {

/// usage_percent after a sample with this usage.
std::optional<double> percent_of(CapturedReaders& readers, std::int64_t usage_usec, std::int64_t now_ns) {
    Readings readings;
    readings.set(field_id("lxc_cpu", "usage_usec"), usage_usec);
    readers.cpu.sample(readers.host.buffer, now_ns, true, readings);
    PointBuffer points;
    readings.emit(fields_of("lxc_cpu"), {}, {}, 1, points);
    for (const Field& field : points[0].fields)
        if (field.key == "usage_percent")
            return std::get<double>(field.value);
    return std::nullopt;
}

} // namespace

TEST_CASE("cpu.max") {
    CHECK(parse_cpu_max("50000 100000\n") == 0.5);
    CHECK(parse_cpu_max("250000 100000\n") == 2.5);
    CHECK(parse_cpu_max("1000 1000000\n") == 0.001);
    for (const std::string none :
         {"max 100000\n", "", "\n", "50000\n", "50000 \n", "50000 100000", "50000 1", "0 100000\n",
          "-1 100000\n", "50000 0\n", "50000 -1\n", "x y\n", "50000 100000 1\n"}) {
        CAPTURE(none);
        CHECK_FALSE(parse_cpu_max(none));
    }
}

TEST_CASE("v1's quota and period") {
    CHECK(parse_cfs_quota("150000\n", "100000\n") == 1.5);
    CHECK_FALSE(parse_cfs_quota("-1\n", "100000\n"));
    CHECK_FALSE(parse_cfs_quota("0\n", "100000\n"));
    CHECK_FALSE(parse_cfs_quota("150000\n", "0\n"));
    CHECK_FALSE(parse_cfs_quota("150000\n", ""));
    CHECK_FALSE(parse_cfs_quota("", "100000\n"));
    CHECK_FALSE(parse_cfs_quota("150000", "100000\n"));
    CHECK_FALSE(parse_cfs_quota("150000\n", "100000"));
}

TEST_CASE("lists of CPUs") {
    CHECK(count_cpus("0\n") == 1);
    CHECK(count_cpus("0-3\n") == 4);
    CHECK(count_cpus("0-3,8\n") == 5);
    CHECK(count_cpus("1,3,5-6,10-11\n") == 6);
    CHECK(count_cpus("0-8191\n") == 8192);
    for (const std::string bad : {"", "\n", "0-3", "3-1\n", "a\n", "0-b\n", "-1\n", "0,,1\n", ",0\n",
                                  "0-3:1/2\n", "0 1\n", "99999999999\n", "0-\n", "0,\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(count_cpus(bad));
    }
}

TEST_CASE("CPU time as a rate") {
    constexpr std::int64_t second = 1'000'000'000;
    CpuRate rate;
    CHECK_FALSE(rate.next(1'000'000, 100 * second)); // a rate needs two values
    CHECK(rate.next(1'500'000, 101 * second) == 50.0);
    CHECK(rate.next(1'500'000, 103 * second) == 0.0);
    CHECK(rate.next(5'500'000, 105 * second) == 200.0);
    CHECK(rate.next(5'750'000, 105 * second + second / 2) == 50.0);
    CHECK_FALSE(rate.next(6'000'000, 105 * second + second / 2)); // no time has passed
    CHECK(rate.next(6'100'000, 106 * second + second / 2) == 10.0);
    CHECK_FALSE(rate.next(10, 107 * second)); // a new counter: its first value
    CHECK(rate.next(100'010, 108 * second) == 10.0);
    CHECK_FALSE(rate.next(200'010, 107 * second)); // a clock that went back
}

TEST_CASE("the rate is kept between ticks, not between containers") {
    const Fixture fixture("v2");
    CapturedHost host(fixture.root_fd());
    CapturedReaders limited(host, "limited", fixture.container("limited").init_pid);
    CapturedReaders other(host, "web1", fixture.container("web1").init_pid);
    constexpr std::int64_t second = 1'000'000'000;
    CHECK_FALSE(percent_of(limited, 1'000'000, second));
    CHECK_FALSE(percent_of(other, 1'000'000, second));
    CHECK(percent_of(limited, 1'250'000, 2 * second) == 25.0);
    CHECK(percent_of(other, 2'000'000, 2 * second) == 100.0);
}

TEST_CASE("a changed limit is seen at the next read") {
    const Fixture fixture("v1");
    const TempTree tree(fixture.directory() / "root");
    CapturedHost host(tree.fd());
    CapturedReaders readers(host, "limited", fixture.container("limited").init_pid);
    const auto limit_cores = [&]() -> std::optional<double> {
        Readings readings;
        readers.cpu.sample(host.buffer, 1, true, readings);
        PointBuffer points;
        readings.emit(fields_of("lxc_cpu"), {}, {}, 1, points);
        for (const Field& field : points[0].fields)
            if (field.key == "own_limit_cores")
                return std::get<double>(field.value);
        return std::nullopt;
    };
    const std::string quota = "sys/fs/cgroup/cpu,cpuacct/lxc.payload.limited/cpu.cfs_quota_us";
    CHECK(limit_cores() == 0.5);
    tree.write(quota, "200000\n");
    CHECK(limit_cores() == 2.0);
    tree.write(quota, "-1\n");
    CHECK_FALSE(limit_cores());
}
