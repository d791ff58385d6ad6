// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/proc_pid.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

namespace lxcmon::io {
namespace {

/// The parts of /proc/PID/stat.
struct Stat {
    std::string_view name;
    std::array<std::string_view, 20> fields{}; ///< from field 3, state, to field 22, starttime

    [[nodiscard]] std::optional<std::int64_t> count(std::size_t number) const noexcept {
        return io::parse_count(fields[number - 3]);
    }
};

std::optional<Stat> split_stat(std::string_view text) noexcept {
    // The name is in brackets and may contain brackets, spaces and newlines; no brackets follow it.
    const std::size_t begin = text.find('(');
    const std::size_t end = text.rfind(')');
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin ||
        end + 2 > text.size())
        return std::nullopt;
    Stat stat{text.substr(begin + 1, end - begin - 1)};
    text.remove_prefix(end + 2);
    for (std::string_view& field : stat.fields)
        field = io::take_until(text, ' ');
    return text.empty() ? std::nullopt : std::optional(stat); // empty: the last field may be truncated
}

} // namespace

bool parse_process_stat(std::string_view text, ProcessStats& stats) noexcept {
    const auto stat = split_stat(text);
    if (!stat || stat->name.empty() || stat->name.size() > stats.name.size())
        return false;
    const auto user = stat->count(14);
    const auto system = stat->count(15);
    const auto threads = stat->count(20);
    const auto start = stat->count(22);
    if (!user || !system || !threads || !start || __builtin_add_overflow(*user, *system, &stats.cpu_ticks))
        return false;
    stats.name_bytes = static_cast<std::uint32_t>(stat->name.copy(stats.name.data(), stat->name.size()));
    stats.start_ticks = *start;
    stats.threads = *threads;
    return true;
}

std::optional<std::int64_t> parse_start_ticks(std::string_view text) noexcept {
    const auto stat = split_stat(text);
    return stat ? stat->count(22) : std::nullopt;
}

void parse_process_statm(std::string_view text, ProcessStats& stats) noexcept {
    const auto line = io::single_line(text);
    if (!line)
        return;
    enum Column : std::size_t { size, resident, shared, code, library, data, column_count };
    std::array<std::optional<std::int64_t>, column_count> pages;
    std::size_t at = 0;
    io::for_each_word(*line, [&](std::string_view word) {
        if (at < pages.size())
            pages[at++] = io::parse_count(word);
    });
    if (pages[resident].value_or(0) == 0 || !pages[shared] || !pages[code] || !pages[data])
        return;
    stats.rss_pages = pages[resident];
    stats.shared_pages = pages[shared];
    stats.text_pages = pages[code];
    stats.data_pages = pages[data];
}

void parse_process_io(std::string_view text, ProcessStats& stats) noexcept {
    constexpr auto counters =
        std::to_array<std::pair<std::string_view, std::optional<std::int64_t> ProcessIo::*>>({
            {"rchar:", &ProcessIo::read_syscall_bytes},
            {"wchar:", &ProcessIo::write_syscall_bytes},
            {"syscr:", &ProcessIo::read_syscalls},
            {"syscw:", &ProcessIo::write_syscalls},
            {"read_bytes:", &ProcessIo::read_bytes},
            {"write_bytes:", &ProcessIo::write_bytes},
        });
    io::for_each_line(text, [&](std::string_view line) {
        const std::string_view key = io::take_until(line, ' ');
        for (const auto& [name, counter] : counters)
            if (name == key)
                stats.*counter = io::parse_count(line);
    });
}

bool is_kill_pending(std::string_view status) noexcept {
    bool is_pending = false;
    for_each_line(status, [&](std::string_view line) {
        const std::string_view key = take_until(line, '\t');
        std::uint64_t signals = 0;
        if (key == "SigPnd:" || key == "ShdPnd:")
            std::from_chars(line.data(), line.data() + line.size(), signals, 16);
        is_pending = is_pending || (signals >> (SIGKILL - 1) & 1U) != 0;
    });
    return is_pending;
}

bool runs_as(uid_t uid, std::string_view status) {
    bool is_same = false;
    for_each_line(status, [&](std::string_view line) {
        if (take_until(line, '\t') != "Uid:")
            return;
        const std::string one = std::to_string(uid);
        is_same = line == one + '\t' + one + '\t' + one + '\t' + one;
    });
    return is_same;
}

std::size_t pid_namespaces(std::string_view status) noexcept {
    std::size_t count = 0;
    for_each_line(status, [&](std::string_view line) {
        if (line.starts_with("NSpid:"))
            count = static_cast<std::size_t>(std::ranges::count(line, '\t'));
    });
    return count;
}

ProcessStats read_process(int proc_fd, pid_t pid, bool want_io, std::span<char> buffer) noexcept {
    std::array<char, 32> path{};
    ProcessStats stats;
    // stat last: if it can be read, the process had not ended before, so missing values are not available.
    if (want_io) {
        std::snprintf(path.data(), path.size(), "%d/io", pid);
        parse_process_io(io::read_once(proc_fd, path.data(), buffer).text, stats);
    }
    std::snprintf(path.data(), path.size(), "%d/statm", pid);
    parse_process_statm(io::read_once(proc_fd, path.data(), buffer).text, stats);
    std::snprintf(path.data(), path.size(), "%d/stat", pid);
    if (parse_process_stat(io::read_once(proc_fd, path.data(), buffer).text, stats))
        stats.pid = pid;
    return stats;
}

} // namespace lxcmon::io
