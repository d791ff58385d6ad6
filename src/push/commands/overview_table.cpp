// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/commands/overview_table.hpp"

#include "push/view/table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lxcmon::push {
namespace {

template <typename Number>
void put(nlohmann::ordered_json& object, const char* key, const std::optional<Number>& number) {
    if (number)
        object[key] = *number;
}

void put_text(nlohmann::ordered_json& object, const char* key, const std::string& text) {
    if (!text.empty())
        object[key] = text;
}

nlohmann::ordered_json figures_as_json(const Figures& each) {
    nlohmann::ordered_json object{{"name", each.name}, {"lxcpath", each.lxcpath}, {"state", each.state}};
    put_text(object, "host_name", each.host_name);
    put_text(object, "lock", each.lock);
    put(object, "init_pid", each.init_pid);
    put(object, "cpu_percent", each.cpu_percent);
    put(object, "cpu_limit_cores", each.cpu_limit_cores);
    put(object, "throttled_percent", each.throttled_percent);
    put(object, "memory_used_bytes", each.memory_used_bytes);
    put(object, "memory_limit_bytes", each.memory_limit_bytes);
    put(object, "swap_used_bytes", each.swap_used_bytes);
    put(object, "rx_bytes_per_sec", each.rx_bytes_per_sec);
    put(object, "tx_bytes_per_sec", each.tx_bytes_per_sec);
    put(object, "read_bytes_per_sec", each.read_bytes_per_sec);
    put(object, "write_bytes_per_sec", each.write_bytes_per_sec);
    put(object, "cpu_pressure_percent", each.pressure.cpu);
    put(object, "memory_pressure_percent", each.pressure.memory);
    put(object, "io_pressure_percent", each.pressure.io);
    put(object, "disk_used_bytes", each.disk_used_bytes);
    put(object, "disk_total_bytes", each.disk_total_bytes);
    put(object, "processes", each.processes);
    if (each.init_pid)
        object["oom_kills"] = each.oom_kills;
    return object;
}

} // namespace

app::CollectSettings overview_settings(const Invocation& invocation) {
    app::CollectSettings settings = invocation.config.collect;
    settings.metrics = overview_metrics();
    settings.sample_host = true;
    settings.sample.net_globs.exclude.emplace_back("lo");
    return settings;
}

ViewSettings view_settings(const Invocation& invocation, std::string_view sort) {
    ViewSettings settings;
    const auto word_for = [&](std::string_view option, std::string_view standard) {
        const auto found = invocation.command_values.find(option);
        return found == invocation.command_values.end() ? standard : std::string_view(found->second);
    };
    settings.sort = sort_by(word_for("sort", sort));
    if (const std::string_view state = word_for("state", any_state); state != any_state)
        for (const char c : state)
            settings.state += static_cast<char>(c - 'a' + 'A');
    return settings;
}

OneOverview take_overview(const Invocation& invocation, const ViewSettings& settings) {
    app::CollectSettings wanted = overview_settings(invocation);
    wanted.once = true;
    app::Collector collector(wanted);
    Overview before;
    collector.collect_twice(0, [&](const PointBuffer&) { before = read_overview(collector, {}); });
    OneOverview one{read_overview(collector, before),
                    !collector.table.faults().empty() || collector.table.left_out() != 0};
    std::erase_if(one.overview.containers, [&](const Figures& each) { return !has_state(each, settings); });
    sort(one.overview.containers, settings.sort, settings.is_reversed);
    return one;
}

std::string overview_table(const Overview& overview, SortBy sort) {
    std::vector<Figures> rows = overview.containers;
    const auto columns = columns_for(rows);
    if (rows.size() > 1)
        rows.push_back(total_of(rows));
    return table_text(rows, columns, terminal_width(), sort);
}

std::string overview_as_json(const std::vector<Figures>& containers) {
    auto list = nlohmann::ordered_json::array();
    for (const Figures& each : containers)
        list.push_back(figures_as_json(each));
    return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

} // namespace lxcmon::push
