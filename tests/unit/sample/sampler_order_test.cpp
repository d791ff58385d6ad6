// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/machine.hpp"
#include "support/waiting.hpp"

#include "sample/sampler.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

using namespace lxcmon;
using sample::Sampler;
using sample::SampleSettings;
using test::count_of;
using test::Machine;

namespace {

std::string lines_of_tick(Sampler& sampler, const std::vector<const Container*>& containers) {
    PointBuffer points;
    static_cast<void>(sampler.sample(containers, 7'000'000'000, points));
    return test::encoded(points);
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("containers left out for lack of time go first in the next tick") {
    const test::LogCapture log;
    Machine machine;
    SampleSettings settings = machine.settings();
    settings.selection = Selection::of(std::vector<std::string>{"lxc_net"});
    settings.net_loopback = true;
    settings.links_wait = std::chrono::milliseconds(1); // enough for some dozens
    Sampler sampler(settings);
    std::vector<Container> containers(200);
    std::vector<const Container*> all;
    for (Container& each : containers) {
        each.id = 100 + all.size();
        each.name = std::to_string(each.id);
        each.init_pid = machine.container().init_pid;
        each.init_pidfd.reset(::fcntl(machine.container().init_pidfd.get(), F_DUPFD_CLOEXEC, 0));
        all.push_back(&each);
    }
    std::set<std::string> seen;
    std::size_t ticks = 0;
    const auto all_were_seen = [&] {
        ++ticks;
        const std::string lines = lines_of_tick(sampler, all);
        for (const Container& each : containers)
            if (count_of(lines, "lxc_net,container=" + each.name + ",") != 0)
                seen.insert(each.name);
        return seen.size() == all.size();
    };
    // On a busy machine many a tick has no time for any.
    CHECK(test::comes_true(all_were_seen, std::chrono::seconds(60)));
    CHECK(ticks > 1);
}

TEST_CASE("a sample for rates sends no helper request; the next sample has rates") {
    Machine machine;
    SampleSettings settings = machine.settings();
    settings.fs_interval = std::chrono::hours(1);
    Sampler sampler(settings);
    PointBuffer points;
    sampler.sample_for_rates({&machine.container()}, 7'000'000'000, points);
    const std::string before = test::encoded(points);
    CHECK(count_of(before, "lxc_cpu,") == 1);
    CHECK(count_of(before, "lxc_fs,") == 0);
    CHECK(count_of(before, "uptime_sec=") == 0);
    const std::string next = lines_of_tick(sampler, {&machine.container()});
    CHECK(count_of(next, "usage_percent=") == 1);
    CHECK(count_of(next, "lxc_fs,") == 1);
    CHECK(count_of(next, "uptime_sec=") == 1);
}

TEST_SUITE_END();
