// SPDX-License-Identifier: GPL-2.0-or-later
// The host's files below /proc, and the counts of a network namespace: sockstat, sockstat6, snmp.
#include "fuzz/support.hpp"

#include "io/parse.hpp"
#include "sample/host/cpu.hpp"
#include "sample/host/io.hpp"
#include "sample/host/load.hpp"
#include "sample/host/memory.hpp"
#include "sample/network/sockets.hpp"

#include <fcntl.h>

using namespace lxcmon;
using namespace lxcmon::sample;
using fuzz::require;

namespace {

void check_counts(std::string_view text) {
    SocketCounts counts;
    parse_sockstat(text, counts);
    parse_snmp(text, counts);
    for (const auto& count : {counts.used, counts.tcp, counts.tcp_time_wait, counts.udp, counts.tcp6,
                              counts.udp6, counts.retrans_segs})
        require(count.value_or(0) >= 0, "a count is not negative");
}

void check_disks(std::string_view text) {
    io::for_each_line(text, [](std::string_view line) {
        const auto disk = parse_disk_line(line);
        require(!disk || (!disk->name.empty() && line.find(disk->name) != std::string_view::npos),
                "a disk has a name");
    });
    static const io::UniqueFd root(::open("/proc/self/fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC));
    static const text::NameGlobs globs{{"loop*"}, {"sd?1"}};
    DeviceNames devices(root.get());
    HostIo disks(root.get(), globs, devices);
    PointBuffer points;
    disks.add_points(text, {}, 1, points);
    disks.add_points(text, {}, 2, points);
}

void check_memory(std::string_view text) {
    static const auto plan = plan_host_files(Selection::everything());
    Readings readings;
    for (const CgroupPlan::File& file : plan)
        take_fields(text, file, readings);
    derive_host_memory(readings);
    for (FieldId id = fields_of("host_memory").first; id < fields_of("host_memory").last; ++id)
        require(readings.integer(id).value_or(0) >= 0, "a count is not negative", field_table[id].name);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    Readings readings;
    parse_host_cpu(text, readings);
    parse_host_load(text, readings);
    check_memory(text);
    check_disks(text);
    check_counts(text);
    return 0;
}
