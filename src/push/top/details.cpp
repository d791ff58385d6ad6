// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/top/details.hpp"

#include "io/parse.hpp"
#include "push/view/columns.hpp"
#include "text/display_width.hpp"
#include "text/table.hpp"

#include <algorithm>
#include <utility>

namespace lxcmon::push {
namespace {

std::string count_or_dash(const Point& point, std::string_view key) {
    const auto number = field_of<std::int64_t>(point, key);
    return number ? std::to_string(*number) : "-";
}

std::string counts(const Point& point, std::string_view in, std::string_view out) {
    return count_or_dash(point, in) + "/" + count_or_dash(point, out);
}

std::string bytes_or_dash(const Point& point, std::string_view key) {
    return size_or_dash(field_of<std::int64_t>(point, key));
}

/// No longer than that, so that the figures beside it stay in sight.
std::string name_text(std::string_view name) {
    constexpr std::size_t most_columns = 32;
    return text::cut_to_width(text::for_terminal(name), most_columns);
}

std::string tag_text(const Point& point, std::string_view key) {
    return name_text(tag_of(point, key));
}

} // namespace

std::optional<double> Details::rate(const Point& point, std::string_view field) {
    const auto number = field_of<std::int64_t>(point, field);
    if (!number)
        return std::nullopt;
    std::string key(point.measurement);
    for (const Tag& tag : point.tags)
        key.append("\n").append(tag.value);
    key.append("\n").append(field);
    now_[key] = *number;
    const auto before = before_.find(key);
    if (before == before_.end() || *number < before->second || seconds_ <= 0)
        return std::nullopt;
    return static_cast<double>(*number - before->second) / seconds_;
}

std::string Details::rate_of_bytes(const Point& point, std::string_view field) {
    return rate_text(rate(point, field));
}

void Details::add(const Point& point, Sections& sections) {
    const std::string_view kind = point.measurement;
    if (kind == "lxc_net") {
        const auto on_host = field_of<std::string_view>(point, "host_interface");
        sections.interfaces.push_back({tag_text(point, "interface"), on_host ? name_text(*on_host) : "-",
                                       rate_of_bytes(point, "rx_bytes"), rate_of_bytes(point, "tx_bytes"),
                                       counts(point, "rx_errors", "tx_errors"),
                                       counts(point, "rx_dropped", "tx_dropped")});
    } else if (kind == "lxc_fs") {
        const auto used = field_of<double>(point, "used_percent");
        sections.filesystems.push_back(
            {tag_text(point, "mountpoint"), tag_text(point, "fstype"), bytes_or_dash(point, "used_bytes"),
             bytes_or_dash(point, "available_bytes"), used ? percent(*used) : "-",
             count_or_dash(point, "inodes_used"), count_or_dash(point, "inodes_free")});
    } else if (kind == "lxc_io") {
        sections.devices.push_back({tag_text(point, "device"), rate_of_bytes(point, "read_bytes"),
                                    rate_of_bytes(point, "write_bytes"), count_or_dash(point, "read_ops"),
                                    count_or_dash(point, "write_ops")});
    } else if (kind == "lxc_process") {
        // Microseconds a second to percent.
        const auto cpu = rate(point, "cpu_usec");
        sections.commands.push_back({tag_text(point, "command"), count_or_dash(point, "count"),
                                     cpu ? percent(*cpu / 1e4) : "-", bytes_or_dash(point, "rss_bytes")});
    }
}

void Details::read(const PointBuffer& points, std::string_view name, std::string_view lxcpath,
                   std::int64_t monotonic_ns) {
    Sections sections;
    sections.interfaces = {{"INTERFACE", "ON THE HOST", "IN", "OUT", "ERRORS IN/OUT", "DROPPED IN/OUT"}};
    sections.filesystems = {{"FILESYSTEM", "TYPE", "USED", "FREE", "USED %", "INODES USED", "INODES FREE"}};
    sections.devices = {{"DEVICE", "READ", "WRITTEN", "READS", "WRITES"}};
    sections.commands = {{"COMMAND", "PROCESSES", "CPU", "MEMORY"}};
    std::string container = std::string(name) + "\n" + std::string(lxcpath);
    const auto is_of_it = [&](const Point& point) {
        return tag_of(point, "container") == name && tag_of(point, "lxcpath") == lxcpath;
    };
    for (std::size_t index = 0; index < points.size(); ++index)
        if (const Point point = points[index]; is_of_it(point) && point.measurement == "lxc_state")
            container += "\n" + count_or_dash(point, "init_pid");
    if (container == container_ && monotonic_ns == read_ns_)
        return; // the same sample once more
    before_ = container == container_ ? std::exchange(now_, {}) : decltype(now_){};
    now_.clear();
    container_ = std::move(container);
    seconds_ = static_cast<double>(monotonic_ns - std::exchange(read_ns_, monotonic_ns)) / 1e9;
    for (std::size_t index = 0; index < points.size(); ++index)
        if (const Point point = points[index]; is_of_it(point))
            add(point, sections);
    lines_.clear();
    show(sections.interfaces, 2);
    show(sections.filesystems, 2);
    show(sections.devices, 1);
    show(sections.commands, 1);
}

void Details::show(const Cells& cells, std::size_t texts) {
    if (cells.size() == 1)
        return;
    std::vector<bool> to_the_right(cells.front().size(), true);
    std::fill_n(to_the_right.begin(), texts, false);
    io::for_each_line(text::aligned(cells, to_the_right),
                      [&](std::string_view line) { lines_.emplace_back(line); });
    lines_.emplace_back();
}

} // namespace lxcmon::push
