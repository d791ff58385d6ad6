// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/allocations.hpp"
#include "support/machine.hpp"
#include "support/temp_tree.hpp"

#include "encode/batcher.hpp"
#include "sample/device/names.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::test;
using sample::Sampler;
using sample::SampleSettings;

namespace {

constexpr std::int64_t interval_ns = 10'000'000'000;
constexpr int first_steady = 3, ticks = 20; ///< more than a minute, which some scans repeat after

/// Runs `test` in a new network namespace: in the machine's, interfaces come and go.
void in_own_network(const std::function<void()>& test) {
    std::thread([&] {
        REQUIRE(::unshare(CLONE_NEWNET) == 0);
        test();
    }).join();
}

/// Allocations of this thread in the steady ticks. CHECKs that all points are encoded.
struct Cost {
    std::uint64_t sample = 0, encode = 0;
};
Cost cost_of(
    const SampleSettings& settings, const std::vector<const Container*>& containers, encode::Format format,
    const std::function<void()>& put_in = [] {}) {
    Sampler sampler(settings);
    encode::Batcher batcher(format, 5000);
    PointBuffer points;
    points.select(sampler.selection());
    Cost cost;
    for (int tick = 1; tick <= ticks; ++tick) {
        const std::uint64_t begin = allocations();
        points.clear();
        CHECK(sampler.sample(containers, tick * interval_ns, points) == 0);
        put_in();
        const std::uint64_t sampled = allocations();
        for (std::size_t index = 0; index < points.size(); ++index)
            static_cast<void>(batcher.add(points[index]));
        const Batch* const batch = batcher.finish();
        const std::uint64_t encoded = allocations();
        REQUIRE(batch != nullptr);
        CHECK(batch->lines == points.size());
        if (tick >= first_steady)
            cost = {cost.sample + sampled - begin, cost.encode + encoded - sampled};
    }
    return cost;
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a steady tick of a container allocates no memory") {
    for (const std::string fixture : {"v1", "v2", "hybrid", "broken/max"})
        for (const auto format : {encode::Format::line_protocol, encode::Format::json_lines})
            in_own_network([&] {
                Machine machine(fixture);
                SampleSettings settings = machine.settings();
                settings.selection = Selection::by_default();
                settings.net_loopback = true; // there is no other interface
                const Cost cost = cost_of(settings, {&machine.container()}, format);
                CAPTURE(fixture);
                CHECK(cost.sample == 0);
                CHECK(cost.encode == 0);
            });
}

TEST_CASE("a steady tick of the host allocates no memory") {
    in_own_network([] {
        const io::UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
        SampleSettings settings;
        settings.tags.host = "node";
        settings.root_fd = root.get();
        settings.net_loopback = true;
        settings.selection.remove("host_fs"); // other programs may mount and unmount meanwhile
        const Cost cost = cost_of(settings, {}, encode::Format::line_protocol);
        CHECK(cost.sample == 0);
        CHECK(cost.encode == 0);
    });
}

TEST_CASE("devices of device-mapper and ZFS, whose paths are looked up again, allocate no memory") {
    const TempTree tree;
    const auto add = [&](const std::string& number, const std::string& name) {
        std::filesystem::create_directories(tree.path() / "sys/devices/virtual/block" / name / "slaves");
        std::filesystem::create_directories(tree.path() / "sys/dev/block");
        std::filesystem::create_symlink("../../devices/virtual/block/" + name,
                                        tree.path() / "sys/dev/block" / number);
    };
    add("253:7", "dm-7");
    add("230:16", "zd16");
    add("8:0", "sda");
    tree.write("sys/devices/virtual/block/dm-7/dm/name", "pve-vm--101--disk--0\n");
    tree.write("run/udev/data/b230:16", "S:zvol/rpool/data/vm-101-disk-0\n");
    std::filesystem::create_symlink("../../sda", tree.path() / "sys/devices/virtual/block/dm-7/slaves/sda");
    sample::DeviceNames names(tree.fd());
    std::uint64_t begin = 0;
    for (int tick = 1; tick <= ticks; ++tick) {
        if (tick == first_steady)
            begin = allocations();
        names.forget();
        for (const std::string_view number : {"253:7", "230:16", "8:0"})
            static_cast<void>(names.find(number));
    }
    CHECK(allocations() == begin);
    CHECK(names.find("253:7").path == "/dev/mapper/pve-vm--101--disk--0");
    CHECK(names.find("253:7").is_stacked);
    CHECK(names.find("230:16").path == "/dev/zvol/rpool/data/vm-101-disk-0");
}

TEST_CASE("one allocation per tick is counted") {
    Machine machine;
    const auto request = [] { std::free(std::malloc(1)); };
    const Cost cost =
        cost_of(machine.settings(), {&machine.container()}, encode::Format::line_protocol, request);
    CHECK(cost.sample == ticks - first_steady + 1);
}

TEST_SUITE_END();
