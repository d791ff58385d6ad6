// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"

#include "sample/host/cpu.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace lxcmon;

namespace {

std::string cpu_fields(std::string_view stat) {
    Readings readings;
    sample::parse_host_cpu(stat, readings);
    PointBuffer points;
    readings.emit(fields_of("host_cpu"), {}, {}, 1, points);
    return test::encoded(points);
}

} // namespace

TEST_CASE("the host's CPU time: guests counted once, stolen time separate, online CPUs") {
    CHECK(cpu_fields("cpu  100 20 30 4000 50 6 7 8 60 9\n"
                     "cpu0 50 10 15 2000 25 3 3 4 30 4\n"
                     "cpu2 50 10 15 2000 25 3 4 4 30 5\n"
                     "intr 9 0 0\nctxt 5\nbtime 1\nsoftirq 7 1 6\ncpux 1\n") ==
          "host_cpu usage_usec=1630000i,user_usec=1200000i,system_usec=430000i,iowait_usec=500000i,"
          "steal_usec=80000i,cpus=2i,nice_usec=200000i,irq_usec=60000i,softirq_usec=70000i,"
          "guest_usec=600000i,guest_nice_usec=90000i,idle_usec=40000000i,context_switches=5i,"
          "interrupts=9i,soft_interrupts=7i 1\n");
}

TEST_CASE("a missing column is absent, with the fields that need it") {
    CHECK(cpu_fields("cpu  1 2 3 4 5 6 7\n") ==
          "host_cpu usage_usec=190000i,user_usec=30000i,system_usec=160000i,"
          "iowait_usec=50000i,nice_usec=20000i,irq_usec=60000i,softirq_usec=70000i,idle_usec=40000i 1\n");
    CHECK(cpu_fields("cpu  1 2 3 4 5 6\n") ==
          "host_cpu user_usec=30000i,iowait_usec=50000i,nice_usec=20000i,irq_usec=60000i,"
          "idle_usec=40000i 1\n");
    CHECK(cpu_fields("cpu  1 2\n") == "host_cpu user_usec=30000i,nice_usec=20000i 1\n");
}

TEST_CASE("malformed or too large times are absent") {
    CHECK(cpu_fields("cpu  1 2 3 4 x 6 7 -8 0 0\n") ==
          "host_cpu usage_usec=190000i,user_usec=30000i,system_usec=160000i,nice_usec=20000i,irq_usec=60000i,"
          "softirq_usec=70000i,guest_usec=0i,guest_nice_usec=0i,idle_usec=40000i 1\n");
    CHECK(
        cpu_fields("cpu  9223372036854775807 2 3 4 5 6 7 8 0 0\n") ==
        "host_cpu system_usec=160000i,iowait_usec=50000i,steal_usec=80000i,nice_usec=20000i,irq_usec=60000i,"
        "softirq_usec=70000i,guest_usec=0i,guest_nice_usec=0i,idle_usec=40000i 1\n");
    CHECK(cpu_fields("cpu  922337203685478 0 3 4 5 6 7 8 0 0\n") ==
          "host_cpu system_usec=160000i,iowait_usec=50000i,steal_usec=80000i,nice_usec=0i,irq_usec=60000i,"
          "softirq_usec=70000i,guest_usec=0i,guest_nice_usec=0i,idle_usec=40000i 1\n");
    CHECK(
        cpu_fields("cpu  18446744073709551616 2 3 4 5 6 7 8 0 0\n") ==
        "host_cpu system_usec=160000i,iowait_usec=50000i,steal_usec=80000i,nice_usec=20000i,irq_usec=60000i,"
        "softirq_usec=70000i,guest_usec=0i,guest_nice_usec=0i,idle_usec=40000i 1\n");
}

TEST_CASE("an incomplete or empty text gives nothing") {
    for (const std::string none : {"", "\n", "cpu", "cpu  1 2 3 4 5 6 7 8 0 0", "cpu0 1 2 3", "intr x\n",
                                   "ctxt -5\nsoftirq\n", "intr 5"}) {
        CAPTURE(none);
        CHECK(cpu_fields(none).empty());
    }
}
