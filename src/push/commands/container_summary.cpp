// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/container_summary.hpp"

#include "text/printable.hpp"
#include "text/table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string_view>

namespace lxcmon::push {
namespace {

template <typename Type>
std::optional<Type> field(const Point& point, std::string_view key) {
    for (const Field& each : point.fields)
        if (each.key == key)
            if (const auto* value = std::get_if<Type>(&each.value))
                return *value;
    return std::nullopt;
}

void add(std::optional<std::int64_t>& sum, std::optional<std::int64_t> number) {
    if (number)
        sum = sum.value_or(0) + *number;
}

std::optional<double> rate(std::optional<std::int64_t> before, std::optional<std::int64_t> now,
                           double seconds) {
    if (!before || !now || *now < *before || seconds <= 0)
        return std::nullopt;
    return static_cast<double>(*now - *before) / seconds;
}

template <typename Number>
void put(nlohmann::ordered_json& object, const char* key, const std::optional<Number>& number) {
    if (number)
        object[key] = *number;
}

std::string size_text(double bytes) {
    static constexpr auto units = std::to_array<std::string_view>({"B", "KiB", "MiB", "GiB", "TiB", "PiB"});
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < units.size()) {
        bytes /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string share_text(std::optional<std::int64_t> used, std::optional<std::int64_t> total) {
    if (!used)
        return "-";
    const std::string text = size_text(static_cast<double>(*used));
    return total ? text + " / " + size_text(static_cast<double>(*total)) : text;
}

using Row = std::vector<std::string>;

Row table_row(const ContainerSummary& each) {
    const bool has_rates = each.rx_bytes_per_sec && each.tx_bytes_per_sec;
    return {text::printable(each.name),
            text::printable(each.state),
            each.cpu_percent ? fmt::format("{:.1f}%", *each.cpu_percent) : "-",
            share_text(each.memory_used_bytes, each.memory_limit_bytes),
            has_rates ? fmt::format("{}/s in, {}/s out", size_text(*each.rx_bytes_per_sec),
                                    size_text(*each.tx_bytes_per_sec))
                      : "-",
            share_text(each.disk_used_bytes, each.disk_total_bytes)};
}

bool has_same_names(const std::vector<Row>& rows) {
    std::set<std::string_view> names;
    return !std::ranges::all_of(rows, [&](const Row& row) { return names.insert(row.front()).second; });
}

} // namespace

void add_to_summary(const Point& point, ContainerSummary& summary) {
    if (point.measurement == "lxc_cpu") {
        summary.cpu_percent = field<double>(point, "usage_percent");
    } else if (point.measurement == "lxc_memory") {
        summary.memory_used_bytes = field<std::int64_t>(point, "used_bytes");
        summary.memory_limit_bytes = field<std::int64_t>(point, "limit_bytes");
    } else if (point.measurement == "lxc_net") {
        add(summary.rx_bytes, field<std::int64_t>(point, "rx_bytes"));
        add(summary.tx_bytes, field<std::int64_t>(point, "tx_bytes"));
    } else if (point.measurement == "lxc_fs" && tag_of(point, "mountpoint") == "/") {
        summary.disk_used_bytes = field<std::int64_t>(point, "used_bytes");
        summary.disk_total_bytes = field<std::int64_t>(point, "total_bytes");
    } else if (point.measurement == "lxc_state") {
        summary.state = field<std::string_view>(point, "state").value_or("");
        summary.init_pid = field<std::int64_t>(point, "init_pid");
    }
}

void set_rates(const ContainerSummary& earlier, double seconds, ContainerSummary& summary) {
    if (earlier.init_pid != summary.init_pid)
        return;
    summary.rx_bytes_per_sec = rate(earlier.rx_bytes, summary.rx_bytes, seconds);
    summary.tx_bytes_per_sec = rate(earlier.tx_bytes, summary.tx_bytes, seconds);
}

std::string summaries_as_json(const std::vector<ContainerSummary>& summaries) {
    auto list = nlohmann::ordered_json::array();
    for (const ContainerSummary& each : summaries) {
        nlohmann::ordered_json object{{"name", each.name}, {"lxcpath", each.lxcpath}, {"state", each.state}};
        if (!each.host_name.empty())
            object["host_name"] = each.host_name;
        put(object, "init_pid", each.init_pid);
        put(object, "cpu_percent", each.cpu_percent);
        put(object, "memory_used_bytes", each.memory_used_bytes);
        put(object, "memory_limit_bytes", each.memory_limit_bytes);
        put(object, "rx_bytes_per_sec", each.rx_bytes_per_sec);
        put(object, "tx_bytes_per_sec", each.tx_bytes_per_sec);
        put(object, "disk_used_bytes", each.disk_used_bytes);
        put(object, "disk_total_bytes", each.disk_total_bytes);
        list.push_back(std::move(object));
    }
    return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string summaries_as_table(const std::vector<ContainerSummary>& summaries) {
    std::vector<Row> rows{{"NAME", "STATE", "CPU", "MEMORY", "NETWORK", "DISK"}};
    for (const ContainerSummary& each : summaries)
        rows.push_back(table_row(each));
    const auto add_column = [&](const char* title, std::string ContainerSummary::*member) {
        rows.front().insert(rows.front().begin() + 1, title);
        for (std::size_t index = 0; index < summaries.size(); ++index)
            rows[index + 1].insert(rows[index + 1].begin() + 1, text::printable(summaries[index].*member));
    };
    if (has_same_names(rows))
        add_column("LXCPATH", &ContainerSummary::lxcpath);
    if (!std::ranges::all_of(summaries, &std::string::empty, &ContainerSummary::host_name))
        add_column("HOST NAME", &ContainerSummary::host_name);
    return text::aligned(rows);
}

} // namespace lxcmon::push
