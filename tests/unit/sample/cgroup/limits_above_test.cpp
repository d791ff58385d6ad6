// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/limits_above.hpp"

#include "support/temp_tree.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::TempTree;

namespace {

constexpr FieldId memory = field_id("lxc_memory", "limit_bytes");
constexpr FieldId own_memory = field_id("lxc_memory", "own_limit_bytes");
constexpr FieldId swap_limit = field_id("lxc_memory", "swap_limit_bytes");
constexpr FieldId processes = field_id("lxc_pids", "limit");
constexpr std::string_view unified_mount = "1 2 0:3 / /cg rw - cgroup2 cgroup2 rw\n";
constexpr std::int64_t second = 1'000'000'000;

/// A tree of cgroup files, and one container in it.
struct Tree {
    TempTree files;
    CgroupLayout layout;
    LimitsAbove above;
    std::vector<char> buffer = std::vector<char>(4096);
    std::vector<std::optional<std::string>> directories;

    explicit Tree(std::string_view mountinfo, std::vector<std::optional<std::string>> own,
                  std::chrono::nanoseconds interval = {})
        : layout(mountinfo)
        , above(files.fd(), interval)
        , directories(std::move(own)) {}

    Readings held(Readings readings = {}, std::optional<double> own_cores = {}, std::int64_t now_ns = 1) {
        return held(std::move(readings), LimitsAbove::OwnCpu{own_cores, {}}, now_ns);
    }
    Readings held(Readings readings, const LimitsAbove::OwnCpu& own, std::int64_t now_ns = 1) {
        above.hold(above.above(layout, directories), own, buffer, now_ns, readings);
        return readings;
    }
    void write_limits(const std::string& folder, const std::string& bytes, const std::string& quota,
                      const std::string& pids) {
        files.write(folder + "/memory.max", bytes + "\n");
        files.write(folder + "/memory.swap.max", bytes + "\n");
        files.write(folder + "/cpu.max", quota + "\n");
        files.write(folder + "/pids.max", pids + "\n");
    }
};

std::optional<double> held_cores(const Readings& readings) {
    PointBuffer points;
    readings.emit(fields_of("lxc_cpu"), {}, {}, 1, points);
    return points.empty() ? std::nullopt : std::optional(std::get<double>(points[0].fields[0].value));
}

} // namespace

TEST_CASE("the lowest limit of the cgroups above a container holds, each by itself") {
    Tree tree(unified_mount, {"cg/a/b/lxc.payload.x"});
    tree.write_limits("cg/a", "1000", "50000 100000", "max");
    tree.write_limits("cg/a/b", "max", "200000 100000", "70");
    const Readings readings = tree.held();
    CHECK(readings.integer(memory) == 1000);
    CHECK(readings.integer(swap_limit) == 1000);
    CHECK(readings.integer(processes) == 70);
    CHECK(held_cores(readings) == 0.5);
}

TEST_CASE("the container's own limit holds if it is lower, and only then") {
    Tree tree(unified_mount, {"cg/a/lxc.payload.x"});
    tree.write_limits("cg/a", "1000", "100000 100000", "70");
    Readings own;
    own.set(own_memory, std::int64_t{999});
    CHECK(tree.held(own, 0.25).integer(memory) == 999);
    CHECK(held_cores(tree.held(own, 0.25)) == 0.25);
    own.set(own_memory, std::int64_t{1001});
    CHECK(tree.held(own, 2.0).integer(memory) == 1000);
    CHECK(tree.held(own, 2.0).integer(own_memory) == 1001);
    CHECK(held_cores(tree.held(own, 2.0)) == 1.0);
}

TEST_CASE("without a limit above, the container's own is left, or none") {
    Tree tree(unified_mount, {"cg/lxc.payload.x"});
    CHECK_FALSE(tree.held().integer(memory));
    CHECK_FALSE(held_cores(tree.held()));
    tree.write_limits("cg", "max", "max 100000", "max"); // the root of a cgroup namespace
    CHECK_FALSE(tree.held().integer(processes));
    tree.write_limits("cg", "500", "max 100000", "max");
    CHECK(tree.held().integer(memory) == 500);
    tree.directories = {std::nullopt};
    CHECK_FALSE(tree.held().integer(memory));
    tree.directories = {"cg"}; // the container is the mount point: nothing is above it
    CHECK_FALSE(tree.held().integer(memory));
}

TEST_CASE("v1: CPU time and processes have a branch each, and memory.stat's limit stays") {
    Tree tree(
        "1 2 0:3 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n2 2 0:4 / /cg/pids rw - cgroup cgroup rw,pids\n"
        "3 2 0:5 / /cg/memory rw - cgroup cgroup rw,memory\n",
        {"cg/cpu/s/x", "cg/pids/s/x", "cg/memory/s/x"});
    tree.files.write("cg/cpu/s/cpu.cfs_quota_us", "30000\n");
    tree.files.write("cg/cpu/s/cpu.cfs_period_us", "100000\n");
    tree.files.write("cg/pids/s/pids.max", "33\n");
    Readings readings;
    readings.set(own_memory, std::int64_t{900});
    readings.set(memory, std::int64_t{800});
    const Readings held = tree.held(readings);
    CHECK(held_cores(held) == 0.3);
    CHECK(held.integer(processes) == 33);
    CHECK(held.integer(memory) == 800);
}

TEST_CASE("a cpuset with fewer CPUs than are online is a limit") {
    Tree tree(unified_mount, {"cg/a/lxc.payload.x"});
    const auto cores = [&](std::optional<double> quota, std::optional<std::int64_t> cpus) {
        return held_cores(tree.held({}, LimitsAbove::OwnCpu{quota, cpus}));
    };
    CHECK_FALSE(cores({}, 2)); // not known how many are online
    tree.files.write("sys/devices/system/cpu/online", "0-2,5\n");
    CHECK(cores({}, 2) == 2.0);
    CHECK_FALSE(cores({}, 4));
    CHECK(cores(2.5, 2) == 2.0);
    CHECK(cores(0.5, 2) == 0.5);
    CHECK(cores(8.0, 4) == 8.0);
    tree.write_limits("cg/a", "max", "150000 100000", "max");
    CHECK(cores(2.5, 2) == 1.5);
}

TEST_CASE("containers share the branch above them, which is read again after the interval") {
    Tree tree(unified_mount, {"cg/a/lxc.payload.x"}, std::chrono::seconds(60));
    tree.write_limits("cg/a", "1000", "max 100000", "max");
    const auto branches = tree.above.above(tree.layout, tree.directories);
    const auto others = tree.above.above(tree.layout, {"cg/a/lxc.payload.y"});
    CHECK(branches == others);
    const auto memory_at = [&](std::int64_t sec) {
        return tree.held({}, std::optional<double>(), sec * second).integer(memory);
    };
    CHECK(memory_at(1) == 1000);
    tree.write_limits("cg/a", "2000", "max 100000", "max");
    CHECK(memory_at(59) == 1000); // the first branch is due at whole multiples of the interval
    CHECK(memory_at(60) == 2000);
}

TEST_CASE("branches take turns: not all are read in the same tick") {
    Tree tree(unified_mount, {}, std::chrono::seconds(60));
    std::vector<LimitsAbove::Branches> all; // a branch is forgotten with its last container
    const auto write = [&](const std::string& bytes) {
        for (int number = 0; number < 60; ++number)
            tree.write_limits("cg/" + std::to_string(number), bytes, "max 100000", "max");
    };
    const auto read_at = [&](std::int64_t sec, std::int64_t wanted) {
        int count = 0;
        for (const LimitsAbove::Branches& branches : all) {
            Readings readings;
            tree.above.hold(branches, {}, tree.buffer, sec * second, readings);
            count += readings.integer(memory) == wanted ? 1 : 0;
        }
        return count;
    };
    for (int number = 0; number < 60; ++number)
        all.push_back(tree.above.above(tree.layout, {"cg/" + std::to_string(number) + "/lxc.payload.x"}));
    write("1000");
    CHECK(read_at(1000, 1000) == 60);
    write("2000");
    int before = 0;
    for (std::int64_t sec = 1010; sec <= 1060; sec += 10) {
        const int now = read_at(sec, 2000);
        CHECK(now - before >= 5);
        CHECK(now - before <= 15);
        before = now;
    }
    CHECK(before == 60);
}

TEST_CASE("while descriptors run short, the last limits hold, and unknown ones are left out") {
    Tree tree(unified_mount, {"cg/a/lxc.payload.x"});
    tree.write_limits("cg/a", "1000", "50000 100000", "70");
    const auto known = tree.above.above(tree.layout, tree.directories);
    CHECK(tree.held().integer(memory) == 1000);
    tree.files.write("cg/b/memory.max", "900\n");
    const auto without_descriptors = [](const auto& act) {
        rlimit usual{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
        const rlimit none{0, usual.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
        const Readings readings = act();
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
        return readings;
    };
    const Readings kept = without_descriptors([&] { return tree.held(); });
    CHECK(kept.integer(memory) == 1000);
    CHECK(kept.integer(processes) == 70);
    CHECK(held_cores(kept) == 0.5);
    tree.directories = {"cg/b/lxc.payload.x"};
    Readings own;
    own.set(own_memory, std::int64_t{1000});
    CHECK_FALSE(without_descriptors([&] { return tree.held(own); }).integer(memory));
    CHECK(tree.held(own).integer(memory) == 900);
}

TEST_CASE("of a branch with more levels than anyone needs, the highest are read") {
    std::string folder = "cg";
    for (int level = 1; level < 1000; ++level)
        folder += "/d";
    Tree tree(unified_mount, {folder + "/lxc.payload.x"});
    std::string top = "cg";
    for (int level = 1; level < BranchLimits::most_levels; ++level)
        top += "/d";
    tree.write_limits(top, "1000", "max 100000", "max");
    tree.write_limits(top + "/d", "900", "max 100000", "max");
    CHECK(tree.held().integer(memory) == 1000);
}
