// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/compute_fields.hpp"
#include "model/container_fields.hpp"
#include "model/host_fields.hpp"

#include <algorithm>
#include <cstddef>

namespace lxcmon {

/// Every field that the agent sends (docs/measurements.md): the one place for its name, type, unit and
/// source.
inline constexpr auto field_table = [] {
    std::array<FieldInfo, compute_fields.size() + container_fields.size() + host_fields.size()> table;
    std::ranges::copy(compute_fields, table.begin());
    std::ranges::copy(host_fields,
                      std::ranges::copy(container_fields, table.begin() + compute_fields.size()).out);
    return table;
}();

inline constexpr std::size_t field_count = field_table.size();

/// Index of a row in field_table.
using FieldId = std::size_t;

/// The row of a field. An unknown name does not compile.
consteval FieldId field_id(std::string_view measurement, std::string_view name) {
    for (FieldId id = 0; id < field_count; ++id)
        if (field_table[id].measurement == measurement && field_table[id].name == name)
            return id;
    throw "no such field in field_table";
}

/// The first row of a measurement, and the row after its last.
struct FieldRange {
    FieldId first = field_count;
    FieldId last = field_count;
};

/// The rows of a measurement; first and last are field_count if it is unknown.
[[nodiscard]] constexpr FieldRange find_fields(std::string_view measurement) noexcept {
    FieldRange range;
    for (FieldId id = field_count; id-- > 0;) {
        if (field_table[id].measurement != measurement)
            continue;
        if (range.first == field_count)
            range.last = id + 1;
        range.first = id;
    }
    return range;
}

/// The same; an unknown measurement does not compile.
consteval FieldRange fields_of(std::string_view measurement) {
    const FieldRange range = find_fields(measurement);
    if (range.first == field_count)
        throw "no such measurement in field_table";
    return range;
}

/// True if the first fields of a measurement are all fields of another: both can share code then.
consteval bool begins_with_fields(std::string_view measurement, std::string_view other) {
    const FieldRange range = fields_of(measurement);
    const FieldRange part = fields_of(other);
    for (FieldId id = part.first; id < part.last; ++id) {
        const FieldId same = range.first + (id - part.first);
        if (same >= range.last || field_table[same].name != field_table[id].name ||
            field_table[same].type != field_table[id].type)
            return false;
    }
    return true;
}

/// Properties of a measurement.
struct MeasurementInfo {
    std::string_view name;
    std::string_view tags;        ///< in addition to `host` and `container`, separated by ", "
    std::string_view about;       ///< description for documents
    bool is_on_by_default = true; ///< sent unless --metrics excludes it
};

/// Calls `each(key)` for the tags of a measurement beside `host` and `container`.
template <typename Callback>
constexpr void for_each_own_tag(const MeasurementInfo& measurement, Callback&& each) {
    constexpr std::string_view separator = ", ";
    for (std::string_view rest = measurement.tags; !rest.empty();) {
        const std::size_t end = std::min(rest.find(separator), rest.size());
        each(rest.substr(0, end));
        rest.remove_prefix(std::min(end + separator.size(), rest.size()));
    }
}

/// In the order of the field table.
inline constexpr auto measurement_table = std::to_array<MeasurementInfo>({
    {"lxc_cpu", "", "CPU time, its limit and throttling"},
    {"lxc_memory", "", "memory by kind, limits, reclaim and OOM kills"},
    {"lxc_io", "device, stacked", "block I/O of each device"},
    {"lxc_net", "interface", "traffic as the container sees it"},
    {"lxc_fs", "mountpoint, device, fstype", "space and inodes of each filesystem"},
    {"lxc_pids", "", "processes and threads"},
    {"lxc_pressure", "resource", "time stalled on cpu, memory, io (PSI)"},
    {"lxc_hugetlb", "size", "huge pages"},
    {"lxc_state", "", "state, also of stopped containers"},
    {"lxc_socket", "", "sockets of the container's network namespace", false},
    {"lxc_process", "command", "the busiest commands", false},
    {"host_cpu", "", "the host's CPU time"},
    {"host_memory", "", "the host's memory"},
    {"host_load", "", "the host's load"},
    {"host_io", "device, stacked", "the host's block I/O"},
    {"host_net", "interface", "the host's own interfaces"},
    {"host_pressure", "resource", "the host's stall times (PSI)"},
    {"host_fs", "mountpoint, device, fstype", "the host's filesystems"},
    {"lxcmon_push", "", "the agent itself"},
});

} // namespace lxcmon
