// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/captured_reading.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::CapturedHost;
using test::CapturedReaders;
using test::TempTree;

namespace {

constexpr FieldId usage = field_id("lxc_cpu", "usage_usec");
constexpr FieldId user = field_id("lxc_cpu", "user_usec");
constexpr FieldId limit = field_id("lxc_memory", "own_limit_bytes");

std::optional<std::int64_t> single(std::string_view text, NumberFormat reading) {
    Readings readings;
    take_fields(text, {0, "x", {{"", limit, reading}}}, readings);
    return readings.integer(limit);
}

std::optional<std::int64_t> keyed(std::string_view text, NumberFormat reading = NumberFormat::plain) {
    Readings readings;
    take_fields(text, {0, "x", {{"usage_usec", usage, reading}, {"user_usec", user, reading}}}, readings);
    return readings.integer(usage);
}

/// The file of the plan that a field comes from.
std::string source_of(const CapturedHost& host, FieldId field) {
    for (const CgroupPlan::File& file : host.plan.files())
        for (const CgroupPlan::Wanted& wanted : file.wanted)
            if (wanted.field == field)
                return host.layout.hierarchies()[file.hierarchy].mount_point + " " + std::string(file.name);
    return "";
}

} // namespace

TEST_CASE("a file with a single number") {
    CHECK(single("4096\n", NumberFormat::plain) == 4096);
    CHECK(single("0\n", NumberFormat::plain) == 0);
    CHECK(single("9223372036854775807\n", NumberFormat::plain) == INT64_MAX);
    for (const std::string bad :
         {"", "\n", "409", "9223372036854775808\n", "-1\n", "max\n", "1 2\n", " 1\n", "1\n2\n", "1x\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(single(bad, NumberFormat::plain));
    }
}

TEST_CASE("values that mean no limit") {
    CHECK(single("67108864\n", NumberFormat::limit) == 67108864);
    CHECK(single("0\n", NumberFormat::limit) == 0);
    for (const std::string none : {"max\n", "-1\n", "9223372036854771712\n", "9223372036854710272\n",
                                   "9223372036854775807\n", "18446744073709551615\n"}) {
        CAPTURE(none);
        CHECK_FALSE(single(none, NumberFormat::limit));
    }
}

TEST_CASE("nanoseconds and clock ticks become microseconds") {
    CHECK(single("2999\n", NumberFormat::nsec_to_usec) == 2);
    CHECK(single("999\n", NumberFormat::nsec_to_usec) == 0);
    CHECK(single("9223372036854775807\n", NumberFormat::nsec_to_usec) == 9223372036854775);
    CHECK(single("7\n", NumberFormat::ticks_to_usec) == 70'000); // USER_HZ is 100 on all Debian architectures
    CHECK(single("922337203685477\n", NumberFormat::ticks_to_usec) == 9223372036854770000);
    CHECK_FALSE(single("922337203685478\n", NumberFormat::ticks_to_usec));
}

TEST_CASE("a file with keys") {
    CHECK(keyed("usage_usec 5\n") == 5);
    CHECK(keyed("user_usec 1\nusage_usec 5\nsystem_usec 2\n") == 5);
    CHECK(keyed("usage_usec 5\nuser_usec 1") == 5);
    for (const std::string bad :
         {"", "usage_usec 5", "usage_usec\n", "usage_usec \n", "usage_usec  5\n", "usage_usec -5\n",
          "usage_usec 5 6\n", "usage_usec max\n", "usage_usec_x 5\n", "x usage_usec 5\n",
          "usage_usec 99999999999999999999\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(keyed(bad));
    }
}

TEST_CASE("a missing value does not keep the previous one") {
    Readings readings;
    const CgroupPlan::File file{
        0, "x", {{"usage_usec", usage, NumberFormat::plain}, {"user_usec", user, NumberFormat::plain}}};
    take_fields("usage_usec 5\nuser_usec 6\n", file, readings);
    CHECK(readings.integer(user) == 6);
    readings.clear();
    take_fields("usage_usec 7\n", file, readings);
    CHECK(readings.integer(usage) == 7);
    CHECK_FALSE(readings.integer(user));
}

TEST_CASE("the plan reads each file once, from v1 if its controller is there") {
    for (const std::string name : {"v1", "v2", "hybrid"}) {
        CAPTURE(name);
        const test::Fixture fixture(name);
        const CapturedHost host(fixture.root_fd());
        for (const CgroupPlan::File& file : host.plan.files())
            CHECK(std::ranges::count_if(host.plan.files(), [&](const CgroupPlan::File& other) {
                      return other.name == file.name && other.hierarchy == file.hierarchy;
                  }) == 1);
        const bool v2 = fixture.name() == "v2";
        CHECK(source_of(host, usage) ==
              (v2 ? "sys/fs/cgroup cpu.stat" : "sys/fs/cgroup/cpu,cpuacct cpuacct.usage"));
        CHECK(source_of(host, limit) ==
              (v2 ? "sys/fs/cgroup memory.max" : "sys/fs/cgroup/memory memory.limit_in_bytes"));
    }
}

TEST_CASE("a file that can't be read is a fault with its path; the other files still count") {
    const TempTree tree(test::Fixture("v2").directory() / "root");
    const std::string cgroup = "sys/fs/cgroup/lxc.payload.limited/";
    tree.remove(cgroup + "memory.current");
    std::filesystem::create_directory(tree.path() / (cgroup + "memory.current")); // reading it: EISDIR
    CapturedHost host(tree.fd());
    CapturedReaders readers(host, "limited", test::Fixture("v2").container("limited").init_pid);
    Readings readings;
    const auto fault = readers.cgroups.read(host.buffer, {}, readings);
    REQUIRE(fault);
    CHECK(fault->path == cgroup + "memory.current");
    CHECK(fault->error == EISDIR);
    CHECK_FALSE(readings.integer(field_id("lxc_memory", "usage_bytes")));
    CHECK(readings.integer(limit) == 67108864);
}

TEST_CASE("a file longer than the buffer is a fault and is not truncated") {
    const test::Fixture fixture("v2");
    CapturedHost host(fixture.root_fd());
    CapturedReaders readers(host, "limited", fixture.container("limited").init_pid);
    std::array<char, 200> small{};
    Readings readings;
    const auto fault = readers.cgroups.read(small, {}, readings);
    REQUIRE(fault);
    CHECK(fault->error == EOVERFLOW);
    CHECK_FALSE(readings.integer(field_id("lxc_memory", "anon_bytes")));
    CHECK(readings.integer(limit) == 67108864);
}

TEST_CASE("missing files are not a fault") {
    const test::Fixture fixture("broken/missing-files");
    CapturedHost host(fixture.root_fd());
    CapturedReaders readers(host, "c", "100");
    Readings readings;
    CHECK_FALSE(readers.cgroups.read(host.buffer, {}, readings));
    CHECK_FALSE(readings.integer(field_id("lxc_memory", "anon_bytes")));
    CHECK_FALSE(readings.integer(field_id("lxc_pids", "peak")));
    CHECK(readings.integer(field_id("lxc_pids", "own_limit")) == 50);
}

TEST_CASE("only files that a selected field needs are read, also if it is computed") {
    const test::Fixture fixture("v2");
    const CapturedHost host(fixture.root_fd());
    const auto files_for = [&](const std::vector<std::string>& patterns) {
        std::string names;
        const CgroupPlan plan(host.layout, Selection::of(patterns));
        for (const CgroupPlan::File& file : plan.files())
            names += std::string(file.name) + " ";
        return names;
    };
    CHECK(files_for({"lxc_pids.limit"}) == "pids.max ");
    CHECK(files_for({"lxc_cpu.usage_percent"}) == "cpu.stat ");
    CHECK(files_for({"lxc_memory.used_percent"}) == "memory.current memory.max memory.stat ");
    CHECK(files_for({"lxc_memory.working_set_bytes"}) == "memory.current memory.stat ");
    CHECK(files_for({"lxc_net"}).empty());
    CHECK(files_for({"host_*"}).empty()); // the host's files are not in this plan
}
