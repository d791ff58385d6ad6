// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/view/figures.hpp"

#include "io/clock.hpp"
#include "text/clean_name.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace lxcmon::push {
namespace {

std::optional<std::int64_t> number_of(const Point& point, std::string_view key) {
    return field_of<std::int64_t>(point, key);
}

void add_number(std::optional<std::int64_t>& sum, std::optional<std::int64_t> number) {
    if (number)
        sum = sum.value_or(0) + *number;
}

void add_memory(const Point& point, Figures& figures) {
    figures.memory_used_bytes = number_of(point, "used_bytes");
    figures.memory_limit_bytes = number_of(point, "limit_bytes");
    figures.swap_used_bytes = number_of(point, "swap_usage_bytes");
    figures.swap_limit_bytes = number_of(point, "swap_limit_bytes");
    figures.oom_kills = number_of(point, "oom_kill").value_or(0);
}

void add_cpu(const Point& point, Figures& figures) {
    const auto cpus = number_of(point, "cpus");
    figures.cpu_percent = field_of<double>(point, "usage_percent");
    figures.counters.nr_periods = number_of(point, "nr_periods");
    figures.counters.nr_throttled = number_of(point, "nr_throttled");
    figures.cpu_limit_cores = field_of<double>(point, "limit_cores");
    if (point.measurement == "host_cpu" && cpus)
        figures.cpu_limit_cores = static_cast<double>(*cpus);
}

void add_state(const Point& point, Figures& figures) {
    figures.state = field_of<std::string_view>(point, "state").value_or("");
    figures.lock = field_of<std::string_view>(point, "lock").value_or("");
    figures.init_pid = number_of(point, "init_pid");
    figures.restarts = number_of(point, "restarts").value_or(0);
}

void add_pressure(const Point& point, Pressure& pressure) {
    const auto share = field_of<double>(point, "some_avg10");
    const std::string_view resource = tag_of(point, "resource");
    if (resource == "cpu")
        pressure.cpu = share;
    else if (resource == "memory")
        pressure.memory = share;
    else if (resource == "io")
        pressure.io = share;
}

std::optional<double> rate_of(std::optional<std::int64_t> before, std::optional<std::int64_t> now,
                              double seconds) {
    if (!before || !now || *now < *before || seconds <= 0)
        return std::nullopt;
    return static_cast<double>(*now - *before) / seconds;
}

/// Name and lxcpath, as in the tags of the points: lxcpath is empty unless two containers have the same name.
using PointKey = std::pair<std::string, std::string>;

/// By container; those of the host have an empty name.
std::map<PointKey, Figures> read_points(const PointBuffer& points, Overview& overview) {
    std::map<PointKey, Figures> figures;
    for (std::size_t index = 0; index < points.size(); ++index) {
        const Point point = points[index];
        add_to_figures(
            point, figures[{std::string(tag_of(point, "container")), std::string(tag_of(point, "lxcpath"))}]);
        if (point.measurement == "host_load")
            overview.host_load = {field_of<double>(point, "load1"), field_of<double>(point, "load5"),
                                  field_of<double>(point, "load15")};
    }
    return figures;
}

} // namespace

void add_to_figures(const Point& point, Figures& figures) {
    const std::string_view full = point.measurement;
    const std::string_view kind = full.substr(full.find('_') + 1);
    // A device below another one counts the same bytes once more.
    const bool is_stacked = !tag_of(point, "stacked").empty();
    if (kind == "cpu") {
        add_cpu(point, figures);
    } else if (kind == "memory") {
        add_memory(point, figures);
    } else if (kind == "net") {
        add_number(figures.counters.rx_bytes, number_of(point, "rx_bytes"));
        add_number(figures.counters.tx_bytes, number_of(point, "tx_bytes"));
    } else if (kind == "io" && !is_stacked) {
        add_number(figures.counters.read_bytes, number_of(point, "read_bytes"));
        add_number(figures.counters.write_bytes, number_of(point, "write_bytes"));
    } else if (kind == "fs" && tag_of(point, "mountpoint") == "/") {
        figures.disk_used_bytes = number_of(point, "used_bytes");
        figures.disk_total_bytes = number_of(point, "total_bytes");
    } else if (kind == "pids") {
        figures.processes = number_of(point, "processes");
    } else if (kind == "pressure") {
        add_pressure(point, figures.pressure);
    } else if (kind == "state") {
        add_state(point, figures);
    }
}

void set_rates(const Figures& earlier, double seconds, Figures& figures) {
    if (earlier.init_pid != figures.init_pid)
        return;
    const Counters& before = earlier.counters;
    const Counters& now = figures.counters;
    figures.rx_bytes_per_sec = rate_of(before.rx_bytes, now.rx_bytes, seconds);
    figures.tx_bytes_per_sec = rate_of(before.tx_bytes, now.tx_bytes, seconds);
    figures.read_bytes_per_sec = rate_of(before.read_bytes, now.read_bytes, seconds);
    figures.write_bytes_per_sec = rate_of(before.write_bytes, now.write_bytes, seconds);
    const auto periods = rate_of(before.nr_periods, now.nr_periods, 1);
    const auto throttled = rate_of(before.nr_throttled, now.nr_throttled, 1);
    // Without a limit, or while it sleeps, no period passes.
    if (periods && throttled)
        figures.throttled_percent = *periods > 0 ? std::min(*throttled / *periods, 1.0) * 100 : 0;
}

Overview read_overview(const app::Collector& collector, const Overview& earlier) {
    Overview overview;
    overview.monotonic_ns = io::now_ns(CLOCK_MONOTONIC);
    overview.left_out = collector.table.left_out();
    const double seconds = static_cast<double>(overview.monotonic_ns - earlier.monotonic_ns) / 1e9;
    std::map<PointKey, Figures> read = read_points(collector.points, overview);
    overview.host = read[{}];
    set_rates(earlier.host, seconds, overview.host);
    std::map<PointKey, const Figures*> before;
    for (const Figures& each : earlier.containers)
        before[{each.name, each.lxcpath}] = &each;
    for (const Container* container : collector.table.containers()) {
        Figures figures = std::move(read[{text::clean_name(container->name),
                                          container->shadowed ? text::clean_name(container->lxcpath) : ""}]);
        figures.name = container->name;
        figures.host_name = container->host_name == container->name ? "" : container->host_name;
        figures.lxcpath = container->lxcpath;
        if (const auto found = before.find({figures.name, figures.lxcpath}); found != before.end())
            set_rates(*found->second, seconds, figures);
        overview.containers.push_back(std::move(figures));
    }
    return overview;
}

std::vector<std::string> overview_metrics() {
    return {"lxc_cpu",   "lxc_memory", "lxc_net",   "lxc_io",  "lxc_fs",      "lxc_pids",     "lxc_pressure",
            "lxc_state", "host_cpu",   "host_load", "host_io", "host_memory", "host_pressure"};
}

} // namespace lxcmon::push
