// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/lxd2influx.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace lxcmon::encode {
namespace {

constexpr std::int64_t usec_per_sec = 1'000'000;

enum class Unit { same, user_hz };

struct OldField {
    std::string_view key, old_key;
};

struct OldMeasurement {
    std::string_view name, old_name;
    Unit unit;
    std::array<OldField, 4> fields; ///< the rest are empty
};

constexpr auto old_measurements = std::to_array<OldMeasurement>({
    {"lxc_cpu",
     "cpu",
     Unit::user_hz,
     {{{"user_usec", "cpuacct.stat.user"}, {"system_usec", "cpuacct.stat.system"}}}},
    {"lxc_memory", "memory", Unit::same, {{{"usage_bytes", "memory.usage_in_bytes"}}}},
    {"lxc_net",
     "network",
     Unit::same,
     {{{"rx_bytes", "rx_bytes"},
       {"tx_bytes", "tx_bytes"},
       {"rx_packets", "rx_packets"},
       {"tx_packets", "tx_packets"}}}},
    {"lxc_fs", "disk", Unit::same, {{{"used_bytes", "usage"}}}},
});

std::int64_t in_unit(std::int64_t value, Unit unit) noexcept {
    static const std::int64_t user_hz = ::sysconf(_SC_CLK_TCK);
    if (unit == Unit::same)
        return value;
    return value / usec_per_sec * user_hz + value % usec_per_sec * user_hz / usec_per_sec;
}

void add_tags(const Point& point, PointBuffer& buffer) {
    constexpr std::array<std::string_view, 3> of_filesystem{"mountpoint", "device", "fstype"};
    if (point.measurement != "lxc_fs")
        return buffer.tags(point.tags);
    for (const Tag& tag : point.tags)
        if (std::ranges::find(of_filesystem, tag.key) == of_filesystem.end())
            buffer.tag(tag.key, tag.value);
    buffer.tag("disk", field_of<std::string_view>(point, "disk_device").value_or(""));
}

} // namespace

void translate_for_lxd2influx(const Point& point, PointBuffer& buffer) {
    buffer.clear();
    const auto* const found = std::ranges::find(old_measurements, point.measurement, &OldMeasurement::name);
    if (found == old_measurements.end() ||
        (found->name == "lxc_fs" && !field_of<std::string_view>(point, "disk_device")))
        return;
    buffer.begin(found->old_name, point.time_ns);
    add_tags(point, buffer);
    for (const OldField& field : found->fields)
        if (const auto value = field_of<std::int64_t>(point, field.key); value && !field.key.empty())
            buffer.field(field.old_key, in_unit(*value, found->unit));
    buffer.end();
}

} // namespace lxcmon::encode
