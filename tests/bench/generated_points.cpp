// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/generated_points.hpp"

#include "encode/batcher.hpp"
#include "model/field_table.hpp"

#include <string>
#include <utility>

namespace lxcmon::bench {

GeneratedPoints::GeneratedPoints(std::size_t containers)
    : containers_(containers)
    , values_(containers * field_count) {
    for (std::int64_t& value : values_)
        value = static_cast<std::int64_t>(random() % 4'000'000'000U);
}

std::uint64_t GeneratedPoints::random() noexcept { // xorshift64
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return state_;
}

void GeneratedPoints::add_points(std::size_t container, std::int64_t tick_ns, PointBuffer& points) {
    const std::string name = "container-" + std::to_string(container);
    for (FieldId field = 0; field < field_count; ++field) {
        const FieldInfo& info = field_table[field];
        if (info.measurement.empty() || info.measurement == "lxcmon_push")
            continue;
        if (field == 0 || field_table[field - 1].measurement != info.measurement) {
            points.begin(info.measurement, tick_ns);
            points.tag("container", name);
            points.tag("host", "hypervisor-17.example");
        }
        std::int64_t& value = values_[container * field_count + field];
        // Most counters of most containers stand still from one tick to the next.
        value += random() % 4 == 0 ? static_cast<std::int64_t>(random() % 1'000'000) : 0;
        if (info.type == FieldType::integer)
            points.field(info.name, value);
        else if (info.type == FieldType::floating)
            points.field(info.name, static_cast<double>(value % 100'000) / 1000.0);
        else if (info.type == FieldType::boolean)
            points.field(info.name, value % 2 == 0);
        else
            points.field(info.name, std::string_view("RUNNING"));
        if (field + 1 == field_count || field_table[field + 1].measurement != info.measurement)
            points.end();
    }
}

std::vector<Batch> GeneratedPoints::tick(std::int64_t tick_ns) {
    std::vector<Batch> batches;
    encode::Batcher batcher(encode::Format::line_protocol, 5000);
    PointBuffer points;
    for (std::size_t container = 0; container < containers_; ++container) {
        points.clear();
        add_points(container, tick_ns, points);
        for (std::size_t index = 0; index < points.size(); ++index)
            if (const Batch* full = batcher.add(points[index]))
                batches.push_back(*full);
    }
    if (const Batch* rest = batcher.finish())
        batches.push_back(*rest);
    return batches;
}

} // namespace lxcmon::bench
