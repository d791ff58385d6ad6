// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/captured_reading.hpp"
#include "support/real_cgroup.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::CapturedHost;
using test::CapturedReaders;
using test::Fixture;
using test::RealCgroup;
using test::TempTree;

// A container that ends between two reads is not a fault, and none of its values is kept.
namespace {

constexpr FieldRange measured[] = {fields_of("lxc_cpu"), fields_of("lxc_memory"), fields_of("lxc_pids")};

/// Reads all control files, CHECKs that there is no fault, and returns the number of points.
std::size_t points_read(CapturedReaders& readers) {
    Readings readings;
    CHECK_FALSE(readers.cgroups.read(readers.host.buffer, {}, readings));
    readers.cpu.sample(readers.host.buffer, 1, true, readings);
    derive_memory(readings);
    PointBuffer points;
    for (const FieldRange range : measured)
        readings.emit(range, {}, {}, 1, points);
    readers.block_io.sample(readers.host.buffer, true, readers.host.devices, {}, 1, points);
    return points.size();
}

} // namespace

TEST_CASE("captured trees: the cgroup is removed between two reads") {
    for (const std::string name : {"v1", "v2", "hybrid"}) {
        CAPTURE(name);
        const Fixture fixture(name);
        const TempTree tree(fixture.directory() / "root");
        CapturedHost host(tree.fd());
        host.budget = io::FdBudget(0); // on a disk, unlike on cgroupfs, an open file outlives its removal
        CapturedReaders readers(host, "limited", fixture.container("limited").init_pid);
        REQUIRE(points_read(readers) == 4);
        for (const auto& directory : readers.directories)
            if (directory)
                tree.remove(*directory);
        CHECK(points_read(readers) == 0);
        CHECK(points_read(readers) == 0);
    }
}

TEST_CASE("captured trees: removed before the first read") {
    const Fixture fixture("v2");
    const TempTree tree(fixture.directory() / "root");
    CapturedHost host(tree.fd());
    CapturedReaders readers(host, "limited", fixture.container("limited").init_pid);
    tree.remove("sys/fs/cgroup/lxc.payload.limited");
    CHECK(points_read(readers) == 0);
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a real cgroup that is removed while its files are open") {
    const io::UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const CgroupLayout layout(io::read_whole(root.get(), "proc/self/mountinfo"));
    const CgroupPlan plan(layout);
    RealCgroup cgroup(layout);
    const auto directories = cgroup.relative();
    io::FdBudget budget(1000);
    CgroupReader reader(plan, root.get(), directories, budget);
    const bool v1 = layout.find_v1("freezer").has_value();
    const std::size_t at = v1 ? *layout.find_v1("freezer") : layout.find_v2().value();
    const io::FilePath path(*directories[at], v1 ? "freezer.state" : "cgroup.events");
    io::KernelFile file(root.get(), path, budget);

    std::vector<char> buffer(65536);
    Readings readings;
    CHECK_FALSE(reader.read(buffer, {}, readings));
    CHECK(readings.integer(field_id("lxc_cpu", "usage_usec")) == 0);
    CHECK_FALSE(file.read(buffer).text.empty());

    cgroup.remove();
    readings.clear();
    CHECK_FALSE(reader.read(buffer, {}, readings));
    PointBuffer points;
    for (const FieldRange range : measured)
        readings.emit(range, {}, {}, 1, points);
    CHECK(points.empty());
    const io::ReadResult result = file.read(buffer);
    CHECK(result.error == ENODEV);
    CHECK(result.gone());
    CHECK(result.text.empty());
}

TEST_SUITE_END();
