// SPDX-License-Identifier: GPL-2.0-or-later
// Ticks over a captured host, for callgrind (test_instructions.py), which counts in measured_tick() alone:
//   instructions FIXTURE TICKS PID:PIDFD...
// The agent's side of sampling and encoding. For each captured container there is a living process that
// stands in for its init; the sampling thread joins its network namespace, so it needs root. The pidfds are
// inherited, as valgrind has no pidfd_open(2).
#include "support/fixture.hpp"
#include "support/temp_tree.hpp"

#include "encode/batcher.hpp"
#include "model/container.hpp"
#include "sample/sampler.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <list>
#include <stdexcept>
#include <string>
#include <vector>

using namespace lxcmon;

namespace {

constexpr std::int64_t interval_ns = 10'000'000'000;
constexpr int seldom_ticks = 6; ///< as the agent
constexpr int steady_after = 7; ///< ticks: all that is looked at each 6th one has been looked at by then

/// A captured tree in which living processes are the containers' inits.
class Machine {
  public:
    Machine(const test::Fixture& fixture, const std::vector<std::string>& inits)
        : tree_(fixture.directory() / "root")
        , sampler_(settings())
        , batcher_(encode::Format::line_protocol, 5000) {
        const std::filesystem::path proc = tree_.path() / "proc";
        // Aside first: the pid of a living one can be one of those captured.
        for (const test::CapturedContainer& each : fixture.containers())
            std::filesystem::rename(proc / each.init_pid, proc / ("captured-" + each.init_pid));
        auto init = inits.begin();
        for (const test::CapturedContainer& each : fixture.containers()) {
            add(each.name, *init++);
            std::filesystem::rename(proc / ("captured-" + each.init_pid),
                                    proc / std::to_string(containers_.back().init_pid));
        }
        for (const Container& each : containers_)
            seen_.push_back(&each);
    }

    void tick() {
        tick_ns_ += interval_ns;
        points_.clear();
        sampler_.sample(seen_, tick_ns_, points_);
        for (std::size_t index = 0; index < points_.size(); ++index)
            if (const auto* full = batcher_.add(points_[index]))
                bytes_ += full->body.size();
        if (const auto* rest = batcher_.finish())
            bytes_ += rest->body.size();
    }
    [[nodiscard]] std::size_t points() const noexcept { return points_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  private:
    /// What differs from one machine to the next is not counted: its interfaces and its filesystems.
    [[nodiscard]] sample::SampleSettings settings() const {
        sample::SampleSettings settings;
        settings.tags.host = "node";
        settings.root_fd = tree_.fd();
        settings.namespace_deadline = std::chrono::seconds(30);
        settings.scan_budget = settings.namespace_deadline;
        settings.late_after = std::chrono::hours(1'000'000); // no reading is late, but the clock is read
        settings.net_loopback = true;
        settings.seldom_interval = std::chrono::nanoseconds(seldom_ticks * interval_ns);
        for (const char* each : {"host_net", "host_fs", "lxc_fs", "lxc_net.host_interface"})
            settings.selection.remove(each);
        return settings;
    }
    void add(const std::string& name, const std::string& init) {
        Container& container = containers_.emplace_back();
        container.id = containers_.size();
        container.lxcpath = "/var/lib/lxc";
        container.name = name;
        container.state = "RUNNING";
        container.incarnation = 1;
        container.init_pid = static_cast<pid_t>(std::stol(init));
        container.init_pidfd.reset(std::stoi(init.substr(init.find(':') + 1)));
    }

    test::TempTree tree_;
    std::list<Container> containers_;
    std::vector<const Container*> seen_;
    sample::Sampler sampler_;
    encode::Batcher batcher_;
    PointBuffer points_;
    std::int64_t tick_ns_ = 1'700'000'000'000'000'000;
    std::size_t bytes_ = 0;
};

} // namespace

extern "C" [[gnu::noinline]] void measured_tick(void* machine) {
    static_cast<Machine*>(machine)->tick();
}

int main(int count, char** arguments) try {
    if (count < 3)
        throw std::runtime_error("instructions FIXTURE TICKS PID:PIDFD...");
    const test::Fixture fixture(arguments[1]);
    const std::vector<std::string> inits(arguments + 3, arguments + count);
    if (inits.size() != fixture.containers().size())
        throw std::runtime_error(fixture.name() + " has " + std::to_string(fixture.containers().size()) +
                                 " containers, and as many PID:PIDFD are wanted");
    Machine machine(fixture, inits);
    for (int tick = 0; tick < steady_after; ++tick)
        machine.tick();
    for (int left = std::atoi(arguments[2]); left > 0; --left)
        measured_tick(&machine);
    std::printf("%zu points a tick, %zu bytes\n", machine.points(), machine.bytes());
    return machine.points() > 0 ? 0 : 1;
} catch (const std::exception& error) {
    std::fprintf(stderr, "instructions: %s\n", error.what());
    return 1;
}
