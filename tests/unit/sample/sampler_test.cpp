// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/machine.hpp"

#include "sample/sampler.hpp"

#include "io/clock.hpp"
#include "io/worker_process.hpp"

#include <doctest/doctest.h>

#include <signal.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::test;
using sample::Sampler;
using sample::SampleSettings;

namespace {

struct Tick {
    std::string lines;
    std::size_t faulty;
};

Tick tick(Sampler& sampler, const std::vector<const Container*>& containers) {
    PointBuffer points;
    const std::size_t faulty = sampler.sample(containers, 7'000'000'000, points);
    return {test::encoded(points), faulty};
}

/// Points of the container `c`, including three of lxc_pressure.
constexpr std::size_t points_of_c = 9;

constexpr const char* cpu_stat = "sys/fs/cgroup/lxc.payload.c/cpu.stat";

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a running container gives all its measurements") {
    Machine machine;
    Sampler sampler(machine.settings());
    CHECK(sampler.cgroup_version() == "v2");
    const Tick first = tick(sampler, {&machine.container()});
    const std::string& lines = first.lines;
    CAPTURE(lines);
    CHECK(first.faulty == 0);
    for (const std::string measurement :
         {"lxc_cpu", "lxc_memory", "lxc_pids", "lxc_state", "lxc_io", "lxc_fs"})
        CHECK(count_of(lines, measurement + ",") == 1);
    CHECK(count_of(lines, "lxc_pressure,") == 3);
    CHECK(count_of(lines, "lxc_net,") == 0); // it has only a loopback
    CHECK(count_of(lines, "container=c,") == points_of_c);
    CHECK(count_of(lines, " 7000000000\n") == points_of_c);
    CHECK(count_of(lines, "processes=") == 0); // it shares the host's pid namespace
    CHECK(count_of(lines, "init_pid=" + machine.pid() + "i") == 1);
}

TEST_CASE("rates begin with the second tick and restart with a new init") {
    Machine machine;
    Sampler sampler(machine.settings());
    CHECK(count_of(tick(sampler, {&machine.container()}).lines, "usage_percent=") == 0);
    CHECK(count_of(tick(sampler, {&machine.container()}).lines, "usage_percent=0,") == 1);
    machine.start(); // its counter keeps rising: only the incarnation changes
    machine.tree().write(cpu_stat, "usage_usec 999999999\nnr_periods 1\n");
    CHECK(count_of(tick(sampler, {&machine.container()}).lines, "usage_percent=") == 0);
    CHECK(count_of(tick(sampler, {&machine.container()}).lines, "usage_percent=0,") == 1);
}

TEST_CASE("an init that ends before the sample leaves only its state") {
    Machine machine;
    Sampler sampler(machine.settings());
    CHECK(count_of(tick(sampler, {&machine.container()}).lines, "\n") == points_of_c);
    machine.init().end();
    const LogCapture log;
    const auto [lines, faulty] = tick(sampler, {&machine.container()});
    CHECK(faulty == 0);
    CHECK(lines ==
          "lxc_state,container=c,host=node state=\"STOPPING\",running=false,frozen=false,restarts=0i "
          "7000000000\n");
}

TEST_CASE("a stopped container has only its state; its rates restart") {
    Machine machine;
    Sampler sampler(machine.settings());
    CHECK(tick(sampler, {&machine.container()}).faulty == 0);
    machine.stop();
    machine.container().restarts = 4;
    CHECK(tick(sampler, {&machine.container()}).lines ==
          "lxc_state,container=c,host=node state=\"STOPPED\",running=false,frozen=false,restarts=4i "
          "7000000000\n");
    machine.start();
    const std::string lines = tick(sampler, {&machine.container()}).lines;
    CHECK(count_of(lines, "lxc_cpu,") == 1);
    CHECK(count_of(lines, "usage_percent=") == 0);
}

TEST_CASE("a container's fault is logged once, counted at each tick, and affects no other container") {
    Machine machine;
    Machine other;
    other.container().id = 2;
    other.container().name = "misplaced"; // its init is in the cgroup of c
    const std::string path = "proc/" + other.pid();
    std::filesystem::copy(other.tree().path() / path, machine.tree().path() / path);
    Sampler sampler(machine.settings());
    LogCapture log;
    for (int round = 0; round < 2; ++round) {
        const auto [lines, faulty] = tick(sampler, {&other.container(), &machine.container()});
        CHECK(faulty == 1);
        CHECK(count_of(lines, "lxc_cpu,container=c,") == 1);
        CHECK(count_of(lines, "lxc_cpu,container=misplaced,") == 0);
        CHECK(count_of(lines, "lxc_memory,container=misplaced,") == 0);
        CHECK(count_of(lines, "lxc_state,container=misplaced,") == 1);
        const std::string logged = log.take();
        CHECK(count_of(logged, "misplaced") == (round == 0 ? 1 : 0));
        CHECK(count_of(logged, "no cgroup of its own") == (round == 0 ? 1 : 0));
    }
}

TEST_CASE("a control file that can't be read is logged once") {
    Machine machine;
    const std::string file = "sys/fs/cgroup/lxc.payload.c/memory.current";
    machine.tree().remove(file);
    std::filesystem::create_directory(machine.tree().path() / file);
    Sampler sampler(machine.settings());
    LogCapture log;
    CHECK(tick(sampler, {&machine.container()}).faulty == 1);
    CHECK(count_of(log.take(), "warning container c: /" + file + " can't be read: ") == 1);
    CHECK(tick(sampler, {&machine.container()}).faulty == 1);
    CHECK(log.take().empty());
    machine.tree().remove(file);
    machine.tree().write(file, "4096\n");
    const auto [lines, faulty] = tick(sampler, {&machine.container()});
    CHECK(faulty == 0);
    CHECK(count_of(lines, "usage_bytes=4096i") == 1);
    CHECK(log.take().empty());
}

TEST_CASE("a measurement that is off by default is read if selected") {
    Machine machine;
    // The captured pids belong to other processes on this machine.
    for (const char* captured : {"cgroup.procs", ".lxc/cgroup.procs"})
        machine.tree().write(std::string("sys/fs/cgroup/lxc.payload.c/") + captured, "");
    machine.tree().write("sys/fs/cgroup/lxc.payload.c/inner/cgroup.procs", machine.pid() + "\n");
    Sampler usual(machine.settings());
    CHECK(count_of(tick(usual, {&machine.container()}).lines, "lxc_process,") == 0);
    auto settings = machine.settings();
    settings.selection = Selection::of(std::vector<std::string>{"+lxc_process", "!lxc_process.write_bytes"});
    Sampler sampler(settings);
    const Tick first = tick(sampler, {&machine.container()});
    const std::string& lines = first.lines;
    CAPTURE(lines);
    CHECK(first.faulty == 0);
    CHECK(count_of(lines, "lxc_process,command=unit-sample,container=c,host=node count=1i,cpu_usec=") == 1);
    CHECK(count_of(lines, "lxc_process,") == 1);
}

TEST_CASE("the `take` callback gets the points, about a hundred at a time") {
    Machine machine;
    Sampler sampler(machine.settings());
    const std::vector<const Container*> many(200, &machine.container());
    PointBuffer points;
    std::size_t taken = 0;
    std::size_t most = 0;
    const auto take = [&](PointBuffer& together) {
        most = std::max(most, together.size());
        taken += count_of(test::encoded(together), "container=c,");
        together.clear();
    };
    CHECK(sampler.sample(many, 7'000'000'000, points, take) == 0);
    CHECK(taken > 0);
    CHECK(most < 200);
    CHECK(taken + count_of(test::encoded(points), "container=c,") ==
          count_of(tick(sampler, many).lines, "container=c,"));
}

TEST_CASE("a new host name is in the tags from the next tick") {
    Machine machine;
    Sampler sampler(machine.settings());
    CHECK(count_of(tick(sampler, {&machine.container()}).lines, "name=web") == 0);
    machine.container().host_name = "web";
    const std::string lines = tick(sampler, {&machine.container()}).lines;
    CHECK(count_of(lines, "name=web") == points_of_c);
    CHECK(count_of(lines, "usage_percent=0,") == 1); // its rates continue
}

TEST_CASE("the host's points come before the containers'") {
    Machine machine;
    machine.tree().write("proc/loadavg", "0.50 0.25 0.00 1/2 3\n");
    SampleSettings settings = machine.settings();
    settings.selection = Selection::by_default();
    settings.net_loopback = true;
    Sampler sampler(settings);
    const std::string lines = tick(sampler, {&machine.container()}).lines;
    CHECK(lines.starts_with(
        "host_load,host=node load1=0.5,load5=0.25,load15=0,running=1i,threads=2i 7000000000\n"));
    CHECK(count_of(lines, "host_net,host=node,interface=lo rx_bytes=") == 1);
    CHECK(count_of(lines, "host_cpu,") == 0); // its tree has no stat
    CHECK(lines.find("host_") < lines.find("lxc_cpu,"));
}

TEST_CASE("filesystems are scanned once per interval, the rest at each tick") {
    Machine machine;
    SampleSettings settings = machine.settings();
    settings.fs_interval = std::chrono::seconds(60);
    Sampler sampler(settings);
    std::size_t scans = 0;
    for (int second = 0; second < 600; second += 10) {
        PointBuffer points;
        CHECK(sampler.sample({&machine.container()}, second * 1'000'000'000L, points) == 0);
        const std::string lines = test::encoded(points);
        CHECK(count_of(lines, "lxc_cpu,") == 1);
        scans += count_of(lines, "lxc_fs,");
        CHECK((second != 0 || scans == 1)); // the first scan is immediate
    }
    CHECK(scans >= 10);
    CHECK(scans <= 11);
    machine.start();
    CHECK(count_of(tick(sampler, {&machine.container()}).lines, "lxc_fs,") == 1); // a new start
}

TEST_CASE("the host's filesystems have the host's tags and need no container") {
    Machine machine;
    SampleSettings settings = machine.settings();
    settings.selection = Selection::of(std::vector<std::string>{"host_fs"});
    settings.tags.user = {{"site", "lab"}};
    Sampler sampler(settings);
    for (const auto& containers : {std::vector<const Container*>{}, {&machine.container()}}) {
        const std::string lines = tick(sampler, containers).lines;
        CHECK(count_of(lines, "host_fs,") == 1);
        CHECK(count_of(lines, ",host=node,mountpoint=/,site=lab total_bytes=") == 1);
        CHECK(count_of(lines, "host_fs,container=") == 0);
    }
}

TEST_CASE("a stopped helper costs one tick's helper values and is replaced") {
    Machine machine;
    SampleSettings settings = machine.settings();
    settings.net_loopback = true;
    settings.namespace_deadline = std::chrono::seconds(2);
    LogCapture log;
    Sampler sampler(settings);
    REQUIRE(::kill(io::WorkerProcess::running().front(), SIGSTOP) == 0);
    const auto [lines, faulty] = tick(sampler, {&machine.container()});
    CHECK(faulty == 1);
    CHECK(count_of(lines, "lxc_cpu,") == 1);
    CHECK(count_of(lines, "lxc_net,") == 1);
    CHECK(count_of(lines, "uptime_sec=") == 0);
    CHECK(count_of(log.take(), "the helper process did not get to it in time") == 1);
    const std::string next = tick(sampler, {&machine.container()}).lines;
    CHECK(count_of(next, "uptime_sec=") == 1);
    CHECK(count_of(next, "lxc_fs,") == 1);
}

TEST_CASE("filesystems are left out if not selected") {
    Machine machine;
    SampleSettings settings = machine.settings();
    settings.selection = Selection::of(std::vector<std::string>{"lxc_state"});
    Sampler sampler(settings);
    CHECK(count_of(tick(sampler, {&machine.container()}).lines, "_fs,") == 0);
}

TEST_SUITE_END();

TEST_CASE("construction fails without cgroups or without mountinfo") {
    const TempTree tree;
    const SampleSettings settings{{"node", {}}, tree.fd(), std::chrono::milliseconds(1000)};
    CHECK_THROWS_AS(Sampler{settings}, std::system_error);
    tree.write("proc/self/mountinfo", "25 1 254:0 / / rw - ext4 /dev/vda rw\n");
    CHECK_THROWS_WITH_AS(Sampler{settings}, doctest::Contains("mount cgroup2"), std::runtime_error);
}
