// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"
#include "support/temp_tree.hpp"

#include "sample/host/host_sampler.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::count_of;
using test::LogCapture;
using test::TempTree;

namespace {

constexpr const char* pressure = "some avg10=1.50 avg60=2.00 avg300=3.00 total=4\n"
                                 "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

/// The files of a host, with a few values each.
class Host {
  public:
    Host() {
        tree_.write("proc/stat", "cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n");
        tree_.write("proc/meminfo", "Slab: 1 kB\n");
        tree_.write("proc/vmstat", "oom_kill 2\n");
        tree_.write("proc/loadavg", "0.50 0.25 0.00 1/2 3\n");
        tree_.write("proc/pressure/cpu", pressure);
        tree_.write("proc/pressure/io", pressure);
        tree_.write("proc/diskstats", "8 0 sda 10 1 20 5 30 2 40 6 0 7 8\n");
        std::filesystem::create_directories(tree_.path() / "sys/dev/block/8:0");
    }
    [[nodiscard]] const TempTree& tree() const noexcept { return tree_; }
    [[nodiscard]] SampleSettings settings(const std::vector<std::string>& metrics = {
                                              "host_*", "!host_cpu.usage_percent"}) const {
        SampleSettings settings{{"node", {{"site", "lab"}}}, tree_.fd()};
        settings.selection = Selection::of(metrics);
        return settings;
    }
    /// Replaces a file by a folder: reading it gives EISDIR.
    void break_file(const std::string& path) const {
        tree_.remove(path);
        std::filesystem::create_directory(tree_.path() / path);
    }

  private:
    TempTree tree_;
};

/// A HostSampler on such a host.
class Sampled {
  public:
    explicit Sampled(SampleSettings settings)
        : settings_(std::move(settings))
        , devices_(settings_.root_fd)
        , sampler_(settings_, budget_, devices_) {}
    std::string tick(int links_error = 0, std::span<const Link> links = {}) {
        PointBuffer points;
        points.select(settings_.selection);
        sampler_.sample(7, buffer_, points);
        sampler_.sample_net(7, links, links_error, points);
        return test::encoded(points);
    }

  private:
    SampleSettings settings_;
    DeviceNames devices_;
    io::FdBudget budget_{100};
    std::vector<char> buffer_ = std::vector<char>(16); // grows
    HostSampler sampler_;
};

constexpr const char* all_lines =
    "host_cpu,host=node,site=lab usage_usec=190000i,user_usec=30000i,system_usec=160000i,iowait_usec=50000i,"
    "steal_usec=80000i,cpus=1i,nice_usec=20000i,irq_usec=60000i,softirq_usec=70000i,guest_usec=0i,"
    "guest_nice_usec=0i,idle_usec=40000i 7\n"
    "host_memory,host=node,site=lab slab_bytes=1024i,oom_kill=2i 7\n"
    "host_load,host=node,site=lab load1=0.5,load5=0.25,load15=0,running=1i,threads=2i 7\n"
    "host_io,device=sda,host=node,site=lab read_bytes=10240i,write_bytes=20480i,read_ops=10i,write_ops=30i,"
    "read_usec=5000i,write_usec=6000i,busy_usec=7000i,queue_usec=8000i,in_flight=0i 7\n"
    "host_pressure,host=node,resource=cpu,site=lab "
    "some_avg10=1.5,some_avg60=2,some_avg300=3,some_total_usec=4i 7\n"
    "host_pressure,host=node,resource=io,site=lab "
    "some_avg10=1.5,some_avg60=2,some_avg300=3,some_total_usec=4i,"
    "full_avg10=0,full_avg60=0,full_avg300=0,full_total_usec=0i 7\n";

} // namespace

TEST_CASE("the host's measurements carry the host's tags and the tick's time") {
    const Host host;
    Sampled sampled(host.settings());
    const LogCapture log;
    CHECK(sampled.tick() == all_lines);
}

TEST_CASE("the host's CPU rate begins with the second tick and restarts if the counter went back") {
    const Host host;
    Sampled sampled(host.settings({"host_cpu.usage_percent"}));
    CHECK(sampled.tick().empty());
    CHECK(sampled.tick() == "host_cpu,host=node,site=lab usage_percent=0 7\n");
    host.tree().write("proc/stat", "cpu  100001 2 3 4 5 6 7 8 0 0\n");
    const std::string busy = sampled.tick();
    CHECK(busy.starts_with("host_cpu,host=node,site=lab usage_percent="));
    CHECK(count_of(busy, "usage_percent=0 ") == 0);
    host.tree().write("proc/stat", "cpu  1 2 3 4 5 6 7 8 0 0\n");
    CHECK(sampled.tick().empty());
    CHECK(sampled.tick() == "host_cpu,host=node,site=lab usage_percent=0 7\n");
}

TEST_CASE("files that the kernel lacks are absent and not logged") {
    const Host host;
    for (const char* path :
         {"proc/stat", "proc/meminfo", "proc/vmstat", "proc/loadavg", "proc/diskstats", "proc/pressure"})
        host.tree().remove(path);
    Sampled sampled(host.settings());
    LogCapture log;
    CHECK(sampled.tick().empty());
    CHECK(log.take().empty());
}

TEST_CASE("a file that can't be read costs only its own values; the start and end are logged") {
    const Host host;
    host.break_file("proc/vmstat");
    Sampled sampled(host.settings());
    LogCapture log;
    for (int round = 0; round < 2; ++round) {
        const std::string lines = sampled.tick();
        CHECK(count_of(lines, "\n") == 6);
        CHECK(count_of(lines, "host_memory,host=node,site=lab slab_bytes=1024i 7\n") == 1);
        const std::string logged = log.take();
        CHECK(count_of(logged,
                       "warning host: /proc/vmstat can't be read: Is a directory; part of host_memory is "
                       "left out\n") == (round == 0 ? 1 : 0));
        CHECK(count_of(logged, "\n") == (round == 0 ? 1 : 0));
    }
    host.tree().remove("proc/vmstat");
    host.tree().write("proc/vmstat", "oom_kill 2\n");
    CHECK(sampled.tick() == all_lines);
    CHECK(log.take() == "info host: /proc/vmstat can be read again\n");
    CHECK(sampled.tick() == all_lines);
    CHECK(log.take().empty());
}

TEST_CASE("interfaces that can't be listed are logged once") {
    const Host host;
    Sampled sampled(host.settings());
    LogCapture log;
    CHECK(sampled.tick(EMFILE) == all_lines);
    CHECK(count_of(log.take(), "warning host: the list of its interfaces can't be read: ") == 1);
    CHECK(sampled.tick(EMFILE) == all_lines);
    CHECK(log.take().empty());
    CHECK(sampled.tick() == all_lines);
    CHECK(log.take() == "info host: the list of its interfaces can be read again\n");
}

TEST_CASE("a too long file is an error and uses bounded memory") {
    const Host host;
    host.tree().write("proc/vmstat", std::string(9U << 20U, 'x') + "\noom_kill 2\n");
    Sampled sampled(host.settings());
    LogCapture log;
    CHECK(count_of(sampled.tick(), "host_memory,host=node,site=lab slab_bytes=1024i 7\n") == 1);
    CHECK(count_of(log.take(), "warning host: /proc/vmstat can't be read: Value too large") == 1);
}

TEST_CASE("files that no selected field needs are not opened") {
    const Host host;
    for (const char* path :
         {"proc/stat", "proc/meminfo", "proc/vmstat", "proc/diskstats", "proc/pressure/cpu"})
        host.break_file(path);
    Sampled load(host.settings({"host_load"}));
    LogCapture log;
    CHECK(load.tick(EMFILE) ==
          "host_load,host=node,site=lab load1=0.5,load5=0.25,load15=0,running=1i,threads=2i 7\n");
    Sampled none(host.settings({"lxc_*"}));
    CHECK(none.tick(EMFILE).empty());
    CHECK(log.take().empty());
}

TEST_CASE("an interface with a name that is another's in the points is logged once") {
    const Host host;
    Sampled sampled(host.settings({"host_net"}));
    LogCapture log;
    std::vector<Link> links(2);
    links[0].name = {'a', '\001'};
    links[1].name = {'a', '_'};
    links[0].mtu = links[1].mtu = 1500;
    for (int round = 0; round < 4; ++round) {
        const int error = round == 1 ? ENOMEM : 0;
        CHECK(count_of(sampled.tick(error, links), "interface=a_,") == (error == 0 ? 1 : 0));
        CHECK(count_of(log.take(),
                       "host: its interface a\\x01 is left out: its name is sent as a_, like that of "
                       "its interface a_\n") == (round == 0 ? 1 : 0));
    }
    links[1].name = {'z'};
    static_cast<void>(sampled.tick(0, links));
    links[1].name = {'a', '\002'};
    static_cast<void>(sampled.tick(0, links));
    CHECK(count_of(log.take(), "its interface a\\x02 is left out: its name is sent as a_, like that of its "
                               "interface a\\x01\n") == 1);
}
