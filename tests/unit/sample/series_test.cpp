// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/machine.hpp"
#include "support/veth.hpp"

#include "io/kernel_file.hpp"
#include "sample/sampler.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace lxcmon;
using sample::Sampler;
using test::Child;
using test::count_of;
using test::Machine;

namespace {

/// Ticks of a container whose only interface has a new name in each.
class Renaming {
  public:
    Renaming() {
        auto settings = machine_.settings();
        settings.selection = Selection::of(std::vector<std::string>{"lxc_net"});
        settings.net_loopback = true;
        sampler_.emplace(settings);
    }
    void ticks(int count) {
        for (; count > 0; --count) {
            const std::string next = "n" + std::to_string(++last_);
            bool renamed = false;
            std::thread([&] {
                renamed = ::setns(machine_.init().pidfd(), CLONE_NEWNET) == 0 &&
                          test::rename_link(name_.c_str(), next.c_str());
            }).join();
            REQUIRE(renamed);
            name_ = next;
            tick({&machine_.container()});
        }
    }
    void restart() {
        machine_.stop();
        machine_.start();
        name_ = "lo";
    }
    void destroy_and_create() {
        tick({});
        machine_.container().id += 1;
        restart();
    }
    /// Number of different interfaces that had points.
    [[nodiscard]] std::size_t sent() const noexcept { return sent_.size(); }

  private:
    void tick(const std::vector<const Container*>& containers) {
        PointBuffer points;
        points.select(sampler_->selection());
        static_cast<void>(sampler_->sample(containers, 7'000'000'000, points));
        for (std::size_t index = 0; index < points.size(); ++index)
            sent_.emplace(tag_of(points[index], "interface"));
    }

    Machine machine_;
    std::optional<Sampler> sampler_;
    std::set<std::string> sent_;
    std::string name_ = "lo";
    int last_ = 0;
};

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("neither a restart nor its removal gives a container places for more series") {
    test::LogCapture log;
    Renaming container;
    container.ticks(200);
    container.restart();
    container.ticks(200);
    CHECK(container.sent() == 400);
    container.destroy_and_create();
    container.ticks(200);
    CHECK(container.sent() == 512);
    CHECK(count_of(log.take(), "it has too many different interfaces") == 1);
}

TEST_CASE("a pair of two containers is sent from the first tick on") {
    const test::LogCapture log;
    const Child far(CLONE_NEWNET);
    const io::UniqueFd far_network =
        io::open_below(AT_FDCWD, ("/proc/" + std::to_string(far.pid()) + "/ns/net").c_str());
    const Child near(CLONE_NEWNET, [&] { return test::make_veth("near0", "far0", far_network.get()); });
    const Machine machine;
    auto settings = machine.settings();
    settings.selection = Selection::of(std::vector<std::string>{"lxc_net"});
    Sampler sampler(settings);
    std::vector<Container> containers(2);
    std::vector<const Container*> all;
    for (const Child* each : {&near, &far}) {
        Container& container = containers[all.size()];
        container.id = all.size() + 1;
        container.name = "c" + std::to_string(container.id);
        container.init_pid = each->pid();
        container.init_pidfd.reset(::fcntl(each->pidfd(), F_DUPFD_CLOEXEC, 0));
        all.push_back(&container);
    }
    PointBuffer points;
    static_cast<void>(sampler.sample(all, 7'000'000'000, points));
    const std::string lines = test::encoded(points);
    CAPTURE(lines);
    CHECK(count_of(lines, "container=c1,host=node,interface=near0") == 1);
    CHECK(count_of(lines, "container=c2,host=node,interface=far0") == 1);
}

TEST_SUITE_END();
