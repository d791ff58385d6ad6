// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/cadence.hpp"

#include "support/captured_reading.hpp"
#include "support/real_cgroup.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <fstream>
#include <string>
#include <utility>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::CapturedHost;
using test::CapturedReaders;
using test::Fixture;
using test::TempTree;

namespace {

constexpr FieldId memory_limit = field_id("lxc_memory", "own_limit_bytes");
constexpr FieldId memory_high = field_id("lxc_memory", "high_bytes");
constexpr FieldId memory_usage = field_id("lxc_memory", "usage_bytes");
constexpr FieldId memory_peak = field_id("lxc_memory", "peak_bytes");
constexpr FieldId swap_refusals = field_id("lxc_memory", "swap_events_max");
constexpr FieldId periods = field_id("lxc_cpu", "nr_periods");
constexpr FieldId pids_limit = field_id("lxc_pids", "own_limit");

/// A captured container whose files are watched.
struct Watching {
    explicit Watching(const std::string& name)
        : fixture(name)
        , tree(fixture.directory() / "root")
        , host(tree.fd()) {
        host.is_watching = true;
        readers.emplace(host, "limited", fixture.container("limited").init_pid);
    }
    [[nodiscard]] Readings read(CgroupReader::Due due) {
        host.changes.refresh();
        Readings readings;
        CHECK_FALSE(readers->cgroups.read(host.buffer, due, readings));
        return readings;
    }
    /// Writes through a mapping, which inotify does not report. `text` must have the length of the content.
    void write_unseen(const std::string& path, const std::string& text) const {
        const io::UniqueFd file(::openat(tree.fd(), path.c_str(), O_RDWR | O_CLOEXEC));
        void* const place = ::mmap(nullptr, text.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        REQUIRE(place != MAP_FAILED);
        text.copy(static_cast<char*>(place), text.size());
        ::munmap(place, text.size());
    }
    Fixture fixture;
    TempTree tree;
    CapturedHost host;
    std::optional<CapturedReaders> readers;
};

} // namespace

TEST_CASE("a limit is read only after a change") {
    Watching c("v2");
    const std::string limit_file = "sys/fs/cgroup/lxc.payload.limited/pids.max";
    for (const int number : {4096, 4096, 8192, 8192}) {
        c.tree.write(limit_file, std::to_string(number) + "\n");
        CHECK(c.read({}).integer(pids_limit) == number);
        CHECK(c.read({}).integer(pids_limit) == number);
    }
    c.tree.write(limit_file, "max\n");
    CHECK_FALSE(c.read({}).integer(pids_limit));
    CHECK_FALSE(c.read({}).integer(pids_limit));
    c.tree.write(limit_file, "1\n");
    CHECK(c.read({}).integer(pids_limit) == 1);
    c.write_unseen(limit_file, "2\n"); // not reported, so not read
    CHECK(c.read({}).integer(pids_limit) == 1);
    c.tree.remove(limit_file);
    CHECK_FALSE(c.read({}).integer(pids_limit));
}

TEST_CASE("v2's memory limits are read at each tick: they take effect before their write(2) has ended") {
    Watching c("v2");
    for (const auto& [field, file] : {std::pair(memory_limit, "max"), {memory_high, "high"}}) {
        const std::string path = std::string("sys/fs/cgroup/lxc.payload.limited/memory.") + file;
        c.tree.write(path, "8192\n");
        CHECK(c.read({}).integer(field) == 8192);
        c.write_unseen(path, "4096\n");
        CHECK(c.read({}).integer(field) == 4096);
    }
}

TEST_CASE("event counts are read after a reported change and at seldom ticks") {
    Watching c("v2");
    constexpr FieldId kills = field_id("lxc_memory", "oom_kill");
    const std::string events = "sys/fs/cgroup/lxc.payload.limited/memory.events";
    c.tree.write(events, "oom_kill 7\n");
    CHECK(c.read({true, true}).integer(kills) == 7);
    c.tree.write(events, "oom_kill 8\n");
    CHECK(c.read({false, true}).integer(kills) == 8);
    c.write_unseen(events, "oom_kill 9\n");
    CHECK(c.read({false, true}).integer(kills) == 8);
    CHECK(c.read({true, true}).integer(kills) == 9);
}

TEST_CASE("seldom files are sent only when read, never an old value") {
    for (const std::string name : {"v1", "v2", "hybrid"}) {
        CAPTURE(name);
        Watching c(name);
        const Readings all = c.read({true, true});
        CHECK(all.integer(memory_usage));
        CHECK(all.integer(memory_peak));
        CHECK(all.integer(swap_refusals).has_value() == (name == "v2"));
        const Readings few = c.read({false, true});
        CHECK(few.integer(memory_usage) == all.integer(memory_usage));
        CHECK(few.integer(memory_limit) == all.integer(memory_limit));
        CHECK_FALSE(few.integer(memory_peak));
        CHECK_FALSE(few.integer(swap_refusals));
        CHECK(few.integer(periods) == all.integer(periods));
        CHECK(c.read({false, false}).integer(periods).has_value() == (name == "v2"));
        CHECK(c.read({true, true}).integer(memory_peak) == all.integer(memory_peak));
    }
}

TEST_CASE("the core limit is cached until written, the number of CPUs is read seldom") {
    Watching c("v2");
    const auto fields = [&](bool seldom) {
        c.host.changes.refresh();
        Readings readings;
        c.readers->cpu.sample(c.host.buffer, 1, seldom, readings);
        PointBuffer points;
        readings.emit(fields_of("lxc_cpu"), {}, {}, 1, points);
        std::string names;
        for (const Field& field : points[0].fields)
            names += std::string(field.key) + ' ';
        return names;
    };
    CHECK(fields(true) == "own_limit_cores cpus ");
    CHECK(c.readers->cpu.is_limited());
    CHECK(fields(false) == "own_limit_cores ");
    CHECK(c.readers->cpu.usable_cpus() == 2);
    c.tree.write("sys/fs/cgroup/lxc.payload.limited/cpu.max", "max 100000\n");
    CHECK(fields(true) == "cpus ");
    CHECK_FALSE(c.readers->cpu.is_limited());
}

TEST_CASE("is_limited() works without own_limit_cores selected: throttling depends on it") {
    Watching c("v1");
    ContainerFiles files = c.readers->files();
    CHECK(files.selection.remove("lxc_cpu.own_limit_cores"));
    CpuSampler cpu(files);
    Readings readings;
    cpu.sample(c.host.buffer, 1, false, readings);
    CHECK(cpu.is_limited());
}

TEST_CASE("frozen is cached until a reported change") {
    Watching c("v2");
    const Container container;
    const auto frozen = [&] {
        c.host.changes.refresh();
        Readings readings;
        c.readers->state.sample(c.host.buffer, container, {}, 0, readings);
        PointBuffer points;
        readings.emit(fields_of("lxc_state"), {}, {}, 1, points);
        for (const Field& field : points[0].fields)
            if (field.key == "frozen")
                return std::get<bool>(field.value);
        FAIL("no field frozen");
        return false;
    };
    CHECK_FALSE(frozen());
    CHECK_FALSE(frozen());
    c.tree.write("sys/fs/cgroup/lxc.payload.limited/cgroup.events", "populated 1\nfrozen 1\n");
    CHECK(frozen());
    CHECK(frozen());
    c.tree.write("sys/fs/cgroup/lxc.payload.limited/cgroup.events", "populated 1\nfrozen 0\n");
    CHECK_FALSE(frozen());
}

TEST_CASE("v1: block I/O files that count nothing are read seldom, the others at each tick") {
    for (const bool counts : {false, true}) {
        CAPTURE(counts);
        Watching c("v1");
        const std::string folder = "sys/fs/cgroup/blkio/lxc.payload.limited/blkio.throttle.";
        const auto write = [&](const char* number) {
            c.tree.write(folder + "io_service_bytes_recursive", std::string("8:0 Read ") + number + "\n");
            c.tree.write(folder + "io_serviced_recursive", std::string("8:0 Read ") + number + "\n");
        };
        const auto sampled = [&](bool seldom) {
            PointBuffer points;
            c.readers->block_io.sample(c.host.buffer, seldom, c.host.devices, {}, 1, points);
            return points.size();
        };
        write(counts ? "1" : "0");
        CHECK(sampled(true) == (counts ? 1 : 0));
        write("2");
        CHECK(sampled(false) == (counts ? 1 : 0));
        CHECK(sampled(true) == 1);
        CHECK(sampled(false) == 1);
    }
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a real limit is read again after a write") {
    const io::UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const CgroupLayout layout(io::read_whole(root.get(), "proc/self/mountinfo"));
    const CgroupPlan plan(layout);
    const test::RealCgroup cgroup(layout);
    const auto directories = cgroup.relative();
    io::FdBudget budget(1000);
    io::FileChanges changes;
    CgroupReader reader(plan, root.get(), directories, budget, &changes);
    std::vector<char> buffer(65536);
    const auto limit = [&] {
        changes.refresh();
        Readings readings;
        CHECK_FALSE(reader.read(buffer, {false, false}, readings));
        return readings.integer(pids_limit);
    };
    CHECK_FALSE(limit());
    const std::size_t at = layout.find_v1("pids") ? *layout.find_v1("pids") : layout.find_v2().value();
    const auto write = [&](const char* text) {
        std::ofstream file("/" + *directories[at] + "/pids.max");
        CHECK((file << text).flush());
    };
    write("17");
    CHECK(limit() == 17);
    CHECK(limit() == 17);
    write("max");
    CHECK_FALSE(limit());
}

TEST_SUITE_END();
