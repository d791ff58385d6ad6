// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/view/columns.hpp"

#include "text/display_width.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace lxcmon::push {
namespace {

std::string percent_or_dash(const std::optional<double>& share) {
    return share ? percent(*share) : "-";
}

std::string cpu_limit_text(const Figures& each) {
    return each.cpu_limit_cores ? fmt::format("{:.4g}", *each.cpu_limit_cores) : "-";
}

std::string pressure_text(const Figures& each) {
    const auto shares = {std::pair{each.pressure.cpu, "cpu"}, std::pair{each.pressure.memory, "mem"},
                         std::pair{each.pressure.io, "io"}};
    const auto& highest = *std::ranges::max_element(shares, {}, [](const auto& of) { return of.first; });
    if (!highest.first)
        return "-";
    return *highest.first == 0 ? percent(0) : percent(*highest.first) + " " + highest.second;
}

std::string count_text(std::int64_t count) {
    return count == 0 ? "-" : std::to_string(count);
}

std::string state_text(const Figures& each) {
    return text::for_terminal(each.state);
}

bool has_equal_names(std::span<const Figures> containers) {
    std::set<std::string_view> names;
    return !std::ranges::all_of(containers,
                                [&](const Figures& each) { return names.insert(each.name).second; });
}

constexpr auto column_table = std::to_array<Column>({
    {"NAME", 0, false, [](const Figures& each) { return text::for_terminal(each.name); }},
    {"HOST NAME", 6, false, [](const Figures& each) { return text::for_terminal(each.host_name); }},
    {"LXCPATH", 3, false, [](const Figures& each) { return text::for_terminal(each.lxcpath); }},
    {"STATE", 4, false, &state_text},
    {"LOCK", 13, false, [](const Figures& each) { return text::for_terminal(each.lock); }},
    {"CPU", 1, true, [](const Figures& each) { return percent_or_dash(each.cpu_percent); }, SortBy::cpu},
    {"CORES", 14, true, &cpu_limit_text},
    {"THROTTLED", 15, true, [](const Figures& each) { return percent_or_dash(each.throttled_percent); }},
    {"MEMORY", 2, true,
     [](const Figures& each) { return used_of(each.memory_used_bytes, each.memory_limit_bytes); },
     SortBy::memory},
    {"NET IN", 7, true, [](const Figures& each) { return rate_text(each.rx_bytes_per_sec); },
     SortBy::network},
    {"NET OUT", 7, true, [](const Figures& each) { return rate_text(each.tx_bytes_per_sec); },
     SortBy::network},
    {"DISK READ", 10, true, [](const Figures& each) { return rate_text(each.read_bytes_per_sec); },
     SortBy::disk},
    {"DISK WRITE", 10, true, [](const Figures& each) { return rate_text(each.write_bytes_per_sec); },
     SortBy::disk},
    {"WAITS", 11, true, &pressure_text},
    {"FILESYSTEM", 9, true,
     [](const Figures& each) { return used_of(each.disk_used_bytes, each.disk_total_bytes); }},
    {"PROCS", 12, true,
     [](const Figures& each) { return each.processes ? std::to_string(*each.processes) : "-"; },
     SortBy::processes},
    {"RESTARTS", 8, true, [](const Figures& each) { return count_text(each.restarts); }},
    {"OOM", 5, true, [](const Figures& each) { return count_text(each.oom_kills); }},
});

} // namespace

std::vector<const Column*> columns_for(std::span<const Figures> containers) {
    const auto any = [&](auto has) { return std::ranges::any_of(containers, has); };
    std::set<std::string_view> without;
    if (!any([](const Figures& each) { return !each.host_name.empty(); }))
        without.insert("HOST NAME");
    if (!has_equal_names(containers))
        without.insert("LXCPATH");
    if (!any([](const Figures& each) { return !each.lock.empty(); }))
        without.insert("LOCK");
    if (!any([](const Figures& each) { return each.restarts != 0; }))
        without.insert("RESTARTS");
    if (!any([](const Figures& each) { return each.oom_kills != 0; }))
        without.insert("OOM");
    std::vector<const Column*> wanted;
    for (const Column& column : column_table)
        if (!without.contains(column.title))
            wanted.push_back(&column);
    return wanted;
}

std::string short_size(double bytes) {
    static constexpr std::string_view units = "BKMGTPE";
    std::size_t unit = 0;
    while (bytes >= 999.5 && unit + 1 < units.size()) {
        bytes /= 1024;
        ++unit;
    }
    // 9.96 would be "10.0".
    return unit == 0 || bytes >= 9.95 ? fmt::format("{:.0f}{}", bytes, units[unit])
                                      : fmt::format("{:.1f}{}", bytes, units[unit]);
}

std::string percent(double share) {
    return share >= 999.95 ? fmt::format("{:.0f}%", share) : fmt::format("{:.1f}%", share);
}

std::string size_or_dash(const std::optional<std::int64_t>& bytes) {
    return bytes ? short_size(static_cast<double>(*bytes)) : "-";
}

std::string used_of(const std::optional<std::int64_t>& used, const std::optional<std::int64_t>& total) {
    return used && total ? size_or_dash(used) + "/" + size_or_dash(total) : size_or_dash(used);
}

std::string rate_text(const std::optional<double>& bytes_per_sec) {
    return bytes_per_sec ? short_size(*bytes_per_sec) + "/s" : "-";
}

} // namespace lxcmon::push
