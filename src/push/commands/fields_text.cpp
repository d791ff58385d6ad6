// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/fields_text.hpp"

#include "encode/metric_family.hpp"
#include "model/field_source.hpp"
#include "text/table.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace lxcmon::push {
namespace {

std::string type_name(FieldType type) {
    switch (type) {
    case FieldType::integer:
        return "integer";
    case FieldType::floating:
        return "float";
    case FieldType::boolean:
        return "boolean";
    case FieldType::string:
        return "string";
    }
    return {};
}

/// The tags of its points, without the user's own tags.
std::string tags_of(const MeasurementInfo& measurement) {
    std::string tags = measurement.name.starts_with("lxc_") ? "host, container, name" : "host";
    if (!measurement.tags.empty())
        tags += ", " + std::string(measurement.tags);
    return tags;
}

template <typename Callback>
void for_each_field(Callback&& each) {
    for (const MeasurementInfo& measurement : measurement_table) {
        const FieldRange range = find_fields(measurement.name);
        for (FieldId field = range.first; field < range.last; ++field)
            each(measurement, field);
    }
}

} // namespace

std::string fields_as_table(const Selection& sent) {
    std::vector<std::vector<std::string>> rows{{"MEASUREMENT", "FIELD", "TYPE", "UNIT", "SENT", "SOURCE"}};
    for_each_field([&](const MeasurementInfo& measurement, FieldId id) {
        const FieldInfo& field = field_table[id];
        rows.push_back({std::string(measurement.name), std::string(field.name), type_name(field.type),
                        field.unit.empty() ? "-" : std::string(field.unit), sent.has(id) ? "yes" : "no",
                        source_of(field)});
    });
    return text::aligned(rows);
}

std::string fields_as_json(const Selection& sent) {
    auto list = nlohmann::ordered_json::array();
    for_each_field([&](const MeasurementInfo& measurement, FieldId id) {
        const FieldInfo& field = field_table[id];
        list.push_back({{"measurement", measurement.name},
                        {"tags", tags_of(measurement)},
                        {"field", field.name},
                        {"type", type_name(field.type)},
                        {"unit", field.unit},
                        {"metric", encode::family_of(field).sample_name()},
                        {"source", source_of(field)},
                        {"sent", sent.has(id)}});
    });
    return list.dump(2) + "\n";
}

std::string fields_as_markdown() {
    std::string text = "| measurement | field | type | unit | source |\n|---|---|---|---|---|\n";
    std::string_view before;
    for_each_field([&](const MeasurementInfo& measurement, FieldId id) {
        const FieldInfo& field = field_table[id];
        if (measurement.name != before)
            text += "| **" + std::string(measurement.name) + "** | " + std::string(measurement.about) +
                    (measurement.is_on_by_default ? "" : "; off by default") +
                    " | | | tags: " + tags_of(measurement) + " |\n";
        before = measurement.name;
        text += "| | " + std::string(field.name) + " | " + type_name(field.type) + " | " +
                std::string(field.unit) + " | " + source_of(field) +
                (field.is_on_by_default ? "" : "; off by default") + " |\n";
    });
    return text;
}

} // namespace lxcmon::push
