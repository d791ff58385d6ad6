// SPDX-License-Identifier: GPL-2.0-or-later
// Every control file of a cgroup, v1 and v2: the same text is given to the parser of each file.
#include "fuzz/support.hpp"

#include "sample/cgroup/block_io.hpp"
#include "sample/cgroup/cpu.hpp"
#include "sample/cgroup/hugetlb.hpp"
#include "sample/cgroup/memory.hpp"
#include "sample/cgroup/pressure.hpp"
#include "sample/cgroup/reader.hpp"
#include "sample/cgroup/state.hpp"

#include <cmath>

using namespace lxcmon;
using namespace lxcmon::sample;
using fuzz::require;

namespace {

const CgroupPlan& plan_v2() {
    static const CgroupPlan plan(CgroupLayout("35 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"));
    return plan;
}

const CgroupPlan& plan_v1() {
    static const CgroupPlan plan(CgroupLayout("35 24 0:30 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                                              "36 24 0:31 / /cg/pids rw - cgroup cgroup rw,pids\n"
                                              "37 24 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"));
    return plan;
}

/// No count is negative, and no float is infinite.
void check(const Readings& readings, FieldRange fields) {
    PointBuffer points;
    readings.emit(fields, {}, {}, 1, points);
    for (std::size_t index = 0; index < points.size(); ++index)
        for (const Field& field : points[index].fields) {
            if (const auto* count = std::get_if<std::int64_t>(&field.value))
                require(*count >= 0, "a count is not negative", field.key);
            if (const auto* share = std::get_if<double>(&field.value))
                require(std::isfinite(*share) && *share >= 0, "a share is finite", field.key);
        }
}

void check_fields(const CgroupPlan& plan, std::string_view text) {
    Readings readings;
    for (const CgroupPlan::File& file : plan.files())
        take_fields(text, file, readings);
    derive_memory(readings);
    check(readings, fields_of("lxc_memory"));
    check(readings, fields_of("lxc_cpu"));
    check(readings, fields_of("lxc_pids"));
}

void check_io(std::string_view text) {
    std::vector<DeviceIo> devices;
    parse_io_stat(text, devices);
    parse_blkio(text, true, devices);
    parse_blkio(text, false, devices);
    for (const DeviceIo& device : devices) {
        Readings readings;
        set_device_io(device, "/dev/mapper/x", fields_of("lxc_io"), readings);
        check(readings, fields_of("lxc_io"));
    }
    const std::size_t all = devices.size();
    drop_uncounted(devices);
    require(devices.size() <= all, "no device is invented");
}

void check_pressure(std::string_view text) {
    for (const auto lines : {PressureLines::some_and_full, PressureLines::some}) {
        Readings readings;
        parse_pressure(text, field_id("lxc_pressure", "some_avg10"), lines, readings);
        check(readings, fields_of("lxc_pressure"));
    }
}

void check_single_values(std::string_view text) {
    const auto limit = parse_cpu_max(text);
    const std::string_view second_line = text.substr(std::min(text.size(), text.find('\n')));
    const auto quota =
        parse_cfs_quota(text, second_line.substr(std::min<std::size_t>(1, second_line.size())));
    require(std::isfinite(limit.value_or(0)) && limit.value_or(0) >= 0, "a limit is finite");
    require(std::isfinite(quota.value_or(0)) && quota.value_or(0) >= 0, "a quota is finite");
    require(count_cpus(text).value_or(1) > 0, "a list of CPUs has one");
    require(parse_hugetlb_limit(text).value_or(0) >= 0, "a limit is not negative");
    static_cast<void>(huge_page_size(text));
    static_cast<void>(parse_frozen_v1(text));
    static_cast<void>(parse_frozen_v2(text));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check_fields(plan_v1(), text);
    check_fields(plan_v2(), text);
    check_io(text);
    check_pressure(text);
    check_single_values(text);
    return 0;
}
