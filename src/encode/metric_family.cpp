// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/metric_family.hpp"

#include "encode/number.hpp"
#include "model/field_kind.hpp"
#include "model/field_source.hpp"
#include "text/utf8.hpp"

#include <array>

namespace lxcmon::encode {
namespace {

/// A unit of the field table, the end of its fields' names, and the base unit of Prometheus.
struct BaseUnit {
    std::string_view unit_begin;
    std::string_view field_end;
    std::string_view name;
    double divisor;
};

constexpr auto base_units = std::to_array<BaseUnit>({
    {"us", "_usec", "seconds", 1e6},
    {"s", "_sec", "seconds", 1},
    {"bytes", "_bytes", "bytes", 1},
    {"%", "_percent", "ratio", 100},
});

const BaseUnit* base_unit_of(const FieldInfo& field) {
    for (const BaseUnit& each : base_units)
        if (each.unit_begin == "%" ? field.unit.starts_with('%') : field.unit == each.unit_begin)
            return &each;
    return nullptr;
}

void strip_end(std::string_view& name, std::string_view end) {
    if (name.ends_with(end))
        name.remove_suffix(end.size());
}

MetricType type_of(const FieldInfo& field) {
    if (field.type == FieldType::string)
        return field.measurement == "lxc_state" && field.name == "state" ? MetricType::state_set
                                                                         : MetricType::info;
    return is_counter(field) ? MetricType::counter : MetricType::gauge;
}

std::string help_of(const FieldInfo& field) {
    std::string help = std::string(field.measurement) + " " + std::string(field.name);
    if (field.unit.starts_with('%'))
        help += ", 1 is 100 " + std::string(field.unit);
    return help + ": " + source_of(field);
}

} // namespace

std::string MetricFamily::sample_name() const {
    return type == MetricType::counter ? name + "_total" : type == MetricType::info ? name + "_info" : name;
}

MetricFamily family_of(const FieldInfo& field) {
    MetricFamily family;
    family.type = type_of(field);
    family.key = field.name;
    family.help = help_of(field);
    family.name = field.measurement;
    if (family.type == MetricType::state_set)
        return family; // lxc_state{lxc_state="RUNNING"}
    std::string_view name = field.name;
    if (name == "count") // the end of a histogram's samples
        name = "processes";
    const BaseUnit* const unit = base_unit_of(field);
    if (unit != nullptr) {
        family.unit = unit->name;
        family.divisor = unit->divisor;
        strip_end(name, unit->field_end);
    }
    strip_end(name, "_total"); // only counters end in it
    family.name.append("_").append(name);
    if (unit != nullptr)
        family.name.append("_").append(unit->name);
    return family;
}

void append_label_value(std::string& out, std::string_view value) {
    if (text::is_plain(value)) {
        out.append(value);
        return;
    }
    text::append_text(out, value, [&](char c) {
        if (c == '"' || c == '\\')
            out.push_back('\\');
        out.push_back(text::is_control(c) ? '_' : c);
    });
}

void append_metric_value(std::string& out, const MetricFamily& family, const FieldValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        if (family.divisor == 1)
            append_number(out, *integer);
        else
            append_number(out, static_cast<double>(*integer) / family.divisor);
    } else if (const auto* floating = std::get_if<double>(&value)) {
        append_number(out, *floating / family.divisor);
    } else if (const auto* boolean = std::get_if<bool>(&value)) {
        out.push_back(*boolean ? '1' : '0');
    } else {
        append_label_value(out, std::get<std::string_view>(value));
    }
}

} // namespace lxcmon::encode
