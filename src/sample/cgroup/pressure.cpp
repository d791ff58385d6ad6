// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/pressure.hpp"

#include "io/parse.hpp"

namespace lxcmon::sample {
namespace {

constexpr auto keys = std::to_array<std::string_view>({"avg10", "avg60", "avg300", "total"});

consteval bool is_in_order(FieldId first, std::string_view measurement) {
    constexpr auto names =
        std::to_array<std::string_view>({"some_avg10", "some_avg60", "some_avg300", "some_total_usec",
                                         "full_avg10", "full_avg60", "full_avg300", "full_total_usec"});
    for (std::size_t index = 0; index < names.size(); ++index)
        if (field_table[first + index].measurement != measurement ||
            field_table[first + index].name != names[index])
            return false;
    return true;
}
static_assert(is_in_order(field_id("lxc_pressure", "some_avg10"), "lxc_pressure"));
static_assert(is_in_order(field_id("host_pressure", "some_avg10"), "host_pressure"));

void take_pair(std::string_view pair, FieldId first, Readings& readings) noexcept {
    const std::string_view key = io::take_until(pair, '=');
    for (std::size_t index = 0; index < keys.size(); ++index) {
        if (keys[index] != key)
            continue;
        if (field_table[first + index].type == FieldType::floating) {
            if (const auto percent = io::parse_decimal(pair))
                readings.set(first + index, *percent);
        } else if (const auto usec = io::parse_count(pair)) {
            readings.set(first + index, *usec);
        }
    }
}

} // namespace

void parse_pressure(std::string_view text, FieldId first, PressureLines lines, Readings& readings) noexcept {
    io::for_each_line(text, [&](std::string_view line) {
        const std::string_view kind = io::take_until(line, ' ');
        const bool is_full = kind == "full" && lines == PressureLines::some_and_full;
        if (kind == "some" || is_full)
            io::for_each_word(line, [&](std::string_view pair) {
                take_pair(pair, first + (is_full ? keys.size() : 0), readings);
            });
    });
}

PressureSampler::PressureSampler(const ContainerFiles& files)
    : resources_{Resource{"cpu", files.v2("cpu.pressure")}, Resource{"memory", files.v2("memory.pressure")},
                 Resource{"io", files.v2("io.pressure")}} {}

void PressureSampler::sample(std::span<char> buffer, std::span<const Tag> tags, std::int64_t time_ns,
                             PointBuffer& points) {
    constexpr FieldRange fields = fields_of("lxc_pressure");
    if (!points.selection().has_any(fields))
        return;
    Readings readings;
    for (Resource& resource : resources_) {
        readings.clear();
        parse_pressure(text_of(resource.file, buffer), fields.first, PressureLines::some_and_full, readings);
        const Tag own{"resource", resource.name};
        readings.emit(fields, tags, std::span(&own, 1), time_ns, points);
    }
}

} // namespace lxcmon::sample
