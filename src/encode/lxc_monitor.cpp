// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/lxc_monitor.hpp"

#include "encode/json_text.hpp"
#include "encode/number.hpp"
#include "model/field_table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace lxcmon::encode {
namespace {

constexpr double mib_bytes = 1024.0 * 1024.0;
constexpr double gib_bytes = 1024.0 * mib_bytes;

/// As datetime.isoformat() of Python, always with microseconds: pandas expects one format in a column.
std::string local_time(std::int64_t time_ns) {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    const std::time_t seconds = time_ns / ns_per_second;
    std::tm local{};
    ::localtime_r(&seconds, &local);
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &local);
    std::snprintf(text.data() + size, text.size() - size, ".%06d",
                  static_cast<int>(time_ns % ns_per_second / 1000));
    return text.data();
}

void append_key(std::string& out, std::string_view key) {
    if (out.back() != '{')
        out.push_back(',');
    append_json_string(out, key);
    out.push_back(':');
}

void append_member(std::string& out, std::string_view key, double number) {
    append_key(out, key);
    append_json_float(out, number);
}

void append_member(std::string& out, std::string_view key, std::int64_t number) {
    append_key(out, key);
    append_number(out, number);
}

void append_member(std::string& out, std::string_view key, std::string_view text) {
    append_key(out, key);
    append_json_string(out, text);
}

/// An object of two counts.
void append_pair(std::string& out, std::string_view key, std::pair<std::string_view, std::int64_t> first,
                 std::pair<std::string_view, std::int64_t> second) {
    append_key(out, key);
    out.push_back('{');
    append_member(out, first.first, first.second);
    append_member(out, second.first, second.second);
    out.push_back('}');
}

/// Unlike the key of any other container, and unlike "summary".
std::string key_of(const std::pair<std::string, std::string>& place) {
    const auto& [name, lxcpath] = place;
    if (!lxcpath.empty())
        return lxcpath + "/" + name;
    return name == "summary" ? "summary (container)" : name;
}

void append_summary(std::string& out, const SnapshotSummary& summary, std::int64_t containers) {
    append_key(out, "summary");
    out.push_back('{');
    append_member(out, "collection_start_time", local_time(summary.begin_ns));
    append_member(out, "collection_end_time", local_time(summary.end_ns));
    append_member(out, "total_containers", containers);
    append_member(out, "total_duration_seconds", summary.duration_sec);
    append_member(out, "monitor_cpu_percent", summary.cpu_percent);
    if (summary.rss_bytes)
        append_member(out, "monitor_memory_usage_mb", static_cast<double>(*summary.rss_bytes) / mib_bytes);
    out.push_back('}');
}

} // namespace

LxcMonitor::LxcMonitor(std::uint64_t held_rounds, const Selection& selection, double online_cpus)
    : held_rounds_(held_rounds)
    , has_cpu_(selection.has(field_id("lxc_cpu", "usage_percent")))
    , has_filesystems_(selection.has_any(fields_of("lxc_fs")))
    , online_cpus_(online_cpus) {}

template <typename Type>
void LxcMonitor::keep(Held<Type>& held, const Point& point, std::string_view field) const {
    if (const auto read = field_of<Type>(point, field))
        held = {*read, round_};
}

void LxcMonitor::add_to_sum(Number& sum, const Point& point, std::string_view field) const {
    if (const auto read = field_of<std::int64_t>(point, field))
        sum = {(sum.round == round_ ? sum.value : 0) + *read, round_};
}

template <typename Type>
std::optional<Type> LxcMonitor::value(const Held<Type>& held) const {
    return held.round != 0 && round_ - held.round < held_rounds_ ? std::optional(held.value) : std::nullopt;
}

void LxcMonitor::add(const Point& point) {
    constexpr std::string_view prefix = "lxc_";
    if (point.measurement == "host_memory")
        keep(host_swap_, point, "swap_limit_bytes");
    const std::string_view container = tag_of(point, "container");
    // A stopped container has lxc_state, too.
    if (container.empty() || !point.measurement.starts_with(prefix) || point.measurement == "lxc_state")
        return;
    Entry& entry = entries_[{std::string(container), std::string(tag_of(point, "lxcpath"))}];
    if (entry.round != round_)
        entry.time_ns = point.time_ns; // later ones may be read later
    entry.round = round_;
    add_container(point.measurement.substr(prefix.size()), point, entry);
}

void LxcMonitor::add_container(std::string_view kind, const Point& point, Entry& entry) const {
    if (kind == "cpu") {
        keep(entry.cpu_percent, point, "usage_percent");
        keep(entry.limit_cores, point, "limit_cores");
        keep(entry.cpus, point, "cpus");
    } else if (kind == "memory") {
        keep(entry.memory_used, point, "used_bytes");
        keep(entry.swap_used, point, "swap_usage_bytes");
        keep(entry.swap_limit, point, "swap_limit_bytes");
    } else if (kind == "pids") {
        keep(entry.processes, point, "processes");
    } else if (kind == "io" && tag_of(point, "stacked").empty()) { // others count at their devices, too
        add_to_sum(entry.reads, point, "read_ops");
        add_to_sum(entry.writes, point, "write_ops");
    } else if (kind == "net") {
        add_to_sum(entry.rx_bytes, point, "rx_bytes");
        add_to_sum(entry.tx_bytes, point, "tx_bytes");
    } else if (kind == "fs" && tag_of(point, "mountpoint") == "/") {
        keep(entry.fs_used, point, "used_bytes");
        keep(entry.fs_total, point, "total_bytes");
        keep(entry.fs_free, point, "available_bytes");
    }
}

bool LxcMonitor::is_shown(const Entry& entry) const noexcept {
    return entry.round == round_ && (!has_cpu_ || entry.cpu_percent.round == round_);
}

std::optional<double> LxcMonitor::percent_of_limit(const Entry& entry) const {
    double cores = online_cpus_;
    if (const auto limit = value(entry.limit_cores))
        cores = *limit;
    else if (const auto cpus = value(entry.cpus))
        cores = static_cast<double>(*cpus);
    if (entry.cpu_percent.round != round_ || cores <= 0)
        return std::nullopt;
    return entry.cpu_percent.value / cores;
}

/// As lxcfs shows it in a container: the limit, if the host has as much.
std::int64_t LxcMonitor::swap_total(const Entry& entry) const {
    const auto limit = value(entry.swap_limit);
    const auto host = value(host_swap_);
    if (limit && host)
        return std::min(*limit, *host);
    return limit ? *limit : host.value_or(0);
}

void LxcMonitor::append_filesystem(std::string& out, const Entry& entry) const {
    const auto append = [&](std::string_view key, const Number& held) {
        if (const auto bytes = has_filesystems_ ? value(held) : std::optional<std::int64_t>(0))
            append_member(out, key, static_cast<double>(*bytes) / gib_bytes);
    };
    append("filesystem_usage_gb", entry.fs_used);
    append("filesystem_total_gb", entry.fs_total);
    append("filesystem_free_gb", entry.fs_free);
}

void LxcMonitor::append_entry(std::string& out, const Entry& entry) const {
    const auto in_mib = [](std::int64_t bytes) { return static_cast<double>(bytes) / mib_bytes; };
    out.push_back('{');
    append_member(out, "timestamp", local_time(entry.time_ns));
    if (const auto percent = percent_of_limit(entry))
        append_member(out, "cpu_usage_percent", *percent);
    if (const auto bytes = value(entry.memory_used))
        append_member(out, "memory_usage_mb", in_mib(*bytes));
    append_member(out, "swap_usage_mb", in_mib(value(entry.swap_used).value_or(0)));
    append_member(out, "swap_total_mb", in_mib(swap_total(entry)));
    if (const auto count = value(entry.processes))
        append_member(out, "process_count", *count);
    append_pair(out, "io_stats", {"reads", value(entry.reads).value_or(0)},
                {"writes", value(entry.writes).value_or(0)});
    append_pair(out, "network_usage", {"rx_bytes", value(entry.rx_bytes).value_or(0)},
                {"tx_bytes", value(entry.tx_bytes).value_or(0)});
    append_filesystem(out, entry);
    out.push_back('}');
}

bool LxcMonitor::end(std::string& out, const SnapshotSummary& summary) {
    std::erase_if(entries_, [this](const auto& each) { return each.second.round != round_; });
    const auto containers =
        std::ranges::count_if(entries_, [this](const auto& each) { return is_shown(each.second); });
    if (containers == 0)
        return false;
    out.push_back('{');
    for (const auto& [place, entry] : entries_) {
        if (!is_shown(entry))
            continue;
        append_key(out, key_of(place));
        append_entry(out, entry);
    }
    append_summary(out, summary, containers);
    out.append("}\n");
    return true;
}

} // namespace lxcmon::encode
