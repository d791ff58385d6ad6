// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"

#include "sample/host/memory.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::count_of;

namespace {

std::string memory_fields(std::string_view meminfo, std::string_view vmstat = "",
                          std::string_view arcstats = "") {
    Readings readings;
    for (const CgroupPlan::File& file : plan_host_files(Selection::everything()))
        take_fields(file.name == "proc/meminfo"  ? meminfo
                    : file.name == "proc/vmstat" ? vmstat
                                                 : arcstats,
                    file, readings);
    derive_host_memory(readings);
    PointBuffer points;
    readings.emit(fields_of("host_memory"), {}, {}, 1, points);
    return test::encoded(points);
}

Selection only(const std::string& glob) {
    return Selection::of(std::vector{glob});
}

/// The files that are read for a glob, each with its number of fields.
std::string plan(const std::string& glob) {
    std::string text;
    for (const CgroupPlan::File& file : plan_host_files(only(glob)))
        text += std::string(file.name) + " " + std::to_string(file.wanted.size()) + "; ";
    return text;
}

} // namespace

TEST_CASE("the host's memory, from meminfo and vmstat") {
    CHECK(
        memory_fields("MemTotal:        1000 kB\nMemFree:          400 kB\nMemAvailable:     700 kB\n"
                      "Buffers:           50 kB\nCached:           250 kB\nSwapCached:         1 kB\n"
                      "SwapTotal:        800 kB\nSwapFree:         300 kB\nDirty:              2 kB\n"
                      "Writeback:          3 kB\nAnonPages:         90 kB\nMapped:            40 kB\n"
                      "Shmem:             30 kB\nSlab:              60 kB\nHugePages_Total:       0\n"
                      "Active:            99 kB\nActive(anon):      11 kB\nInactive(anon):    12 kB\n"
                      "Active(file):      13 kB\nInactive(file):    14 kB\n",
                      "nr_free_pages 5\npgpgin 21\npgpgout 22\npgfree 23\npgfault 484595393\n"
                      "pgmajfault 26776\noom_kill 3\n") ==
        "host_memory usage_bytes=614400i,used_bytes=337920i,available_bytes=716800i,limit_bytes=1024000i,"
        "anon_bytes=92160i,file_bytes=307200i,slab_bytes=61440i,shmem_bytes=30720i,file_mapped_bytes=40960i,"
        "file_dirty_bytes=2048i,file_writeback_bytes=3072i,pgfault=484595393i,pgmajfault=26776i,oom_kill=3i,"
        "swap_usage_bytes=512000i,swap_limit_bytes=819200i,used_percent=33,active_anon_bytes=11264i,"
        "inactive_anon_bytes=12288i,active_file_bytes=13312i,inactive_file_bytes=14336i,pgpgin_bytes=21504i,"
        "pgpgout_bytes=22528i,pgfree=23i 1\n");
}

TEST_CASE("what can be freed is not used: reclaimable slabs, and ZFS's cache above its minimum") {
    const std::string meminfo =
        "MemTotal: 1000 kB\nMemFree: 200 kB\nBuffers: 10 kB\nCached: 60 kB\nShmem: 20 kB\n";
    const auto used = [](const std::string& text, const std::string& arcstats) {
        const std::string fields = memory_fields(text, "", arcstats);
        const std::size_t at = fields.find(",used_bytes=");
        return at == std::string::npos ? -1 : std::stol(fields.substr(at + 12)) / 1024;
    };
    CHECK(used(meminfo, "") == 750);
    CHECK(used(meminfo + "SReclaimable: 50 kB\n", "") == 700);
    // The layout of OpenZFS 2.1 and 2.3.
    const auto arc = [](int kib, int least_kib) {
        return "13 1 0x01 123 33456 9064011383 66412403914\nname                            type data\n"
               "hits                            4    1041\nc                               4    777777\n"
               "c_min                           4    " +
               std::to_string(least_kib * 1024) +
               "\nc_max                           4    99999999\nsize       "
               "                     4    " +
               std::to_string(kib * 1024) + "\ncompressed_size                 4    5\n";
    };
    CHECK(used(meminfo + "SReclaimable: 50 kB\n", arc(400, 100)) == 400);
    CHECK(used(meminfo, arc(100, 100)) == 750);
    CHECK(used(meminfo, arc(50, 100)) == 750);
    CHECK(used(meminfo, arc(2000, 100)) == -1); // not known
    CHECK(used(meminfo, "size  4  x\nc_min  4\n") == 750);
}

TEST_CASE("a host without swap has no swap fields") {
    CHECK(memory_fields("SwapTotal:             0 kB\nSwapFree:              0 kB\n").empty());
    CHECK(memory_fields("SwapTotal:  4 kB\nSwapFree:  4 kB\n") ==
          "host_memory swap_usage_bytes=0i,swap_limit_bytes=4096i 1\n");
    CHECK(memory_fields("SwapTotal:  4 kB\n") == "host_memory swap_limit_bytes=4096i 1\n");
}

TEST_CASE("a missing value is absent, with the fields computed from it") {
    CHECK(memory_fields("MemTotal: 1000 kB\n") == "host_memory limit_bytes=1024000i 1\n");
    CHECK(memory_fields("MemTotal: 1000 kB\nMemFree: 400 kB\nCached: 1 kB\n") ==
          "host_memory usage_bytes=614400i,limit_bytes=1024000i 1\n");
    CHECK(memory_fields("MemFree: 400 kB\nCached: 1 kB\nBuffers: 1 kB\n") ==
          "host_memory file_bytes=2048i 1\n");
    CHECK(memory_fields("", "pgfault 7\n") == "host_memory pgfault=7i 1\n");
}

TEST_CASE("negative differences are left out") {
    CHECK(memory_fields("MemTotal: 4 kB\nMemFree: 5 kB\nCached: 0 kB\nBuffers: 0 kB\n") ==
          "host_memory limit_bytes=4096i,file_bytes=0i 1\n");
    CHECK(memory_fields("MemTotal: 4 kB\nMemFree: 1 kB\nCached: 2 kB\nBuffers: 2 kB\n") ==
          "host_memory usage_bytes=3072i,limit_bytes=4096i,file_bytes=4096i 1\n");
    CHECK(memory_fields("SwapTotal: 4 kB\nSwapFree: 5 kB\n") == "host_memory swap_limit_bytes=4096i 1\n");
}

TEST_CASE("malformed, incomplete or too large numbers of meminfo") {
    for (const std::string bad : {"Slab: 1 MB\n", "Slab: 1\n", "Slab: kB\n", "Slab:  kB\n", "Slab: -1 kB\n",
                                  "Slab: x kB\n", "Slab: 1 2 kB\n", "Slab:\n", "Slab: 1 kB", "Slab 1 kB\n",
                                  "xSlab: 1 kB\n", "Slab: 9007199254740992 kB\n", "Slab: 1 kBx\n"}) {
        CAPTURE(bad);
        CHECK(memory_fields(bad).empty());
    }
    CHECK(memory_fields("Slab: 9007199254740991 kB\n") == "host_memory slab_bytes=9223372036854774784i 1\n");
    CHECK(memory_fields("Cached: 9007199254740991 kB\nBuffers: 1 kB\n").empty());
    CHECK(memory_fields("MemTotal: 0 kB\nMemFree: 0 kB\nCached: 0 kB\nBuffers: 0 kB\n").find("percent") ==
          std::string::npos);
}

TEST_CASE("only the selected fields and their inputs are read") {
    CHECK(plan("host_memory.pgfault") == "proc/vmstat 1; ");
    CHECK(plan("host_memory.anon_bytes") == "proc/meminfo 1; ");
    CHECK(plan("host_memory.usage_bytes") == "proc/meminfo 2; ");
    CHECK(plan("host_memory.used_percent") == "proc/meminfo 6; proc/spl/kstat/zfs/arcstats 2; ");
    CHECK(plan("host_memory.swap_usage_bytes") == "proc/meminfo 2; ");
    CHECK(plan("host_cpu").empty());
    CHECK(plan("lxc_*").empty());
}
