// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/openmetrics.hpp"

#include "encode/openmetrics_labels.hpp"
#include "model/field_kind.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace lxcmon::encode {
namespace {

/// Of lxc_state: a state set has a sample for each. The names are those of liblxc (lxc_state2str).
constexpr auto container_states = std::to_array<std::string_view>(
    {"ABORTING", "FREEZING", "FROZEN", "RUNNING", "STARTING", "STOPPED", "STOPPING", "THAWED"});

/// True if the sampler does not send the field at each tick (sample/cgroup/cadence.hpp). A limit or
/// percentage that is not sent has ended.
bool is_held_field(const FieldInfo& field) {
    return is_counter(field) || field.name.find("peak") != std::string_view::npos ||
           field.name == "kernel_bytes" || field.name == "processes" || field.name == "cpus";
}

std::string_view type_name(MetricType type, MetricsForm form) {
    const bool is_text = form == MetricsForm::text;
    switch (type) {
    case MetricType::counter:
        return "counter";
    case MetricType::info:
        return is_text ? "gauge" : "info";
    case MetricType::state_set:
        return is_text ? "gauge" : "stateset";
    case MetricType::gauge:
        break;
    }
    return "gauge";
}

void append_line(std::string& out, std::string_view name, std::string_view labels, std::string_view label,
                 std::string_view label_value, std::string_view value) {
    out.append(name);
    if (!labels.empty() || !label.empty()) {
        out.append("{").append(labels);
        if (!label.empty())
            out.append(labels.empty() ? "" : ",")
                .append(label)
                .append("=\"")
                .append(label_value)
                .append("\"");
        out.append("}");
    }
    out.append(" ").append(value).append("\n");
}

void append_states(std::string& out, std::string_view name, std::string_view labels, std::string_view state) {
    for (const std::string_view each : container_states)
        append_line(out, name, labels, name, each, each == state ? "1" : "0");
    if (std::ranges::find(container_states, state) == container_states.end())
        append_line(out, name, labels, name, state, "1");
}

} // namespace

OpenMetrics::OpenMetrics(std::uint64_t held_rounds)
    : held_rounds_(held_rounds) {
    for (const MeasurementInfo& info : measurement_table) {
        const FieldRange range = find_fields(info.name);
        const bool is_held = info.name == "lxc_fs" || info.name == "host_fs";
        for (FieldId id = range.first; id < range.last; ++id)
            rows_.push_back({family_of(field_table[id]), measurements_.size(), id - range.first,
                             is_held || is_held_field(field_table[id])});
        measurements_.push_back({info.name, info.tags, range.first, is_held, {}});
    }
    std::ranges::sort(rows_, {}, [](const Row& row) { return row.family.name; });
    by_field_.resize(field_count);
    for (const Row& row : rows_)
        by_field_[measurements_[row.measurement].first + row.field] = &row.family;
}

void OpenMetrics::begin() {
    ++round_;
    running_.clear();
}

OpenMetrics::Measurement* OpenMetrics::find(std::string_view name) {
    const auto found = std::ranges::find(measurements_, name, &Measurement::name);
    return found == measurements_.end() ? nullptr : std::to_address(found);
}

/// A stopped container has lxc_state only.
void OpenMetrics::note_running(const Measurement& measurement, const Point& point) {
    if (!measurement.name.starts_with("lxc_") || !measurement.own_tags.empty())
        return;
    knows_running_ = true;
    const bool is_stopped = std::ranges::any_of(point.fields, [](const Field& field) {
        return field.key == "running" && field.value == FieldValue(false);
    });
    if (!is_stopped)
        running_.insert(labels_);
}

void OpenMetrics::add(const Point& point) {
    Measurement* const measurement = find(point.measurement);
    if (measurement == nullptr)
        return;
    set_labels(labels_, point);
    note_running(*measurement, point);
    auto at = measurement->series.find(std::string_view(labels_));
    if (at == measurement->series.end())
        at = measurement->series.emplace(labels_, Series{}).first;
    Series& series = at->second;
    if (series.round == round_)
        return;
    series.round = round_;
    if (measurement->name == "lxc_fs")
        set_labels(series.container, point, measurement->own_tags);
    FieldId id = measurement->first;
    for (const Field& field : point.fields) {
        while (id < field_count && field_table[id].measurement == measurement->name &&
               field_table[id].name != field.key)
            ++id; // fields are in the table's order
        if (id == field_count || field_table[id].measurement != measurement->name)
            break;
        const std::size_t index = id - measurement->first;
        if (series.samples.size() <= index)
            series.samples.resize(index + 1);
        series.samples[index].round = round_;
        series.samples[index].text.clear();
        append_metric_value(series.samples[index].text, *by_field_[id], field.value);
    }
}

bool OpenMetrics::is_gone(const Measurement& measurement, const Series& series) const {
    if (series.round == round_)
        return false;
    if (!measurement.is_held || round_ - series.round > held_rounds_)
        return true;
    return measurement.name == "lxc_fs" && knows_running_ && !running_.contains(series.container);
}

void OpenMetrics::end() {
    for (Measurement& measurement : measurements_)
        std::erase_if(measurement.series,
                      [&](const auto& each) { return is_gone(measurement, each.second); });
}

bool OpenMetrics::is_present(const Row& row, const Series& series) const {
    if (row.field >= series.samples.size() || series.samples[row.field].round == 0)
        return false;
    const std::uint64_t age = round_ - series.samples[row.field].round;
    return age == 0 || (row.is_held && age <= held_rounds_);
}

void OpenMetrics::append_head(std::string& out, const MetricFamily& family, MetricsForm form) const {
    const std::string name = form == MetricsForm::text ? family.sample_name() : family.name;
    out.append("# HELP ").append(name).append(" ").append(family.help).append("\n# TYPE ").append(name);
    out.append(" ").append(type_name(family.type, form)).append("\n");
    if (form == MetricsForm::openmetrics && !family.unit.empty())
        out.append("# UNIT ").append(name).append(" ").append(family.unit).append("\n");
}

void OpenMetrics::append(std::string& out, MetricsForm form) const {
    for (const Row& row : rows_) {
        bool has_head = false;
        const std::string name = row.family.sample_name();
        for (const auto& [labels, series] : measurements_[row.measurement].series) {
            if (!is_present(row, series))
                continue;
            if (!std::exchange(has_head, true))
                append_head(out, row.family, form);
            const std::string& value = series.samples[row.field].text;
            if (row.family.type == MetricType::state_set)
                append_states(out, name, labels, value);
            else if (row.family.type == MetricType::info)
                append_line(out, name, labels, row.family.key, value, "1");
            else
                append_line(out, name, labels, {}, {}, value);
        }
    }
    if (form == MetricsForm::openmetrics)
        out.append("# EOF\n");
}

} // namespace lxcmon::encode
