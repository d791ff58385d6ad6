// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/process/command_totals.hpp"

#include "io/clock.hpp"
#include "text/clean_name.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace lxcmon::sample {
namespace {

using Command = CommandTotals::Command;

/// A counter of a process, the one of its command, and the field.
struct IoCounter {
    std::optional<std::int64_t> io::ProcessIo::*of_process;
    std::int64_t Command::*of_command;
    FieldId field;
};
constexpr auto io_counters = std::to_array<IoCounter>({
    {&io::ProcessIo::read_bytes, &Command::read_bytes, field_id("lxc_process", "read_bytes")},
    {&io::ProcessIo::write_bytes, &Command::write_bytes, field_id("lxc_process", "write_bytes")},
    {&io::ProcessIo::read_syscalls, &Command::read_syscalls, field_id("lxc_process", "read_syscalls")},
    {&io::ProcessIo::write_syscalls, &Command::write_syscalls, field_id("lxc_process", "write_syscalls")},
    {&io::ProcessIo::read_syscall_bytes, &Command::read_syscall_bytes,
     field_id("lxc_process", "read_syscall_bytes")},
    {&io::ProcessIo::write_syscall_bytes, &Command::write_syscall_bytes,
     field_id("lxc_process", "write_syscall_bytes")},
});

/// The same for pages of memory.
struct Pages {
    std::optional<std::int64_t> io::ProcessStats::*of_process;
    std::int64_t Command::*of_command;
    FieldId field;
};
constexpr auto page_counts = std::to_array<Pages>({
    {&io::ProcessStats::rss_pages, &Command::rss_pages, field_id("lxc_process", "rss_bytes")},
    {&io::ProcessStats::shared_pages, &Command::shared_pages, field_id("lxc_process", "shared_bytes")},
    {&io::ProcessStats::text_pages, &Command::text_pages, field_id("lxc_process", "text_bytes")},
    {&io::ProcessStats::data_pages, &Command::data_pages, field_id("lxc_process", "data_bytes")},
});

/// Marks a sum that has overflowed. It stays at this value and is not sent.
constexpr std::int64_t too_large = std::numeric_limits<std::int64_t>::max();

void add_to(std::int64_t& sum, std::int64_t growth) noexcept {
    if (__builtin_add_overflow(sum, growth, &sum))
        sum = too_large;
}

/// Adds the growth of a process's counter since the previous scan to `sum`, and stores the new value in
/// `before`. Without a previous value, growth is counted from 0 if `past_counts`, else from `now`.
void add_growth(std::int64_t& sum, std::optional<std::int64_t>& before, std::optional<std::int64_t> now,
                bool past_counts) noexcept {
    if (!now)
        return;
    const std::int64_t from = before.value_or(past_counts ? 0 : *now);
    if (*now > from)
        add_to(sum, *now - from);
    before = std::max(from, *now);
}

void set_product(FieldId field, std::int64_t number, std::int64_t factor, Readings& readings) noexcept {
    std::int64_t product = 0;
    if (number != too_large && !__builtin_mul_overflow(number, factor, &product))
        readings.set(field, product);
}

} // namespace

void CommandTotals::begin_scan() noexcept {
    ++scan_;
    for (auto& [name, command] : commands_) {
        command.cpu_before = command.cpu_ticks;
        command.count = command.threads = 0;
        for (const Pages& each : page_counts)
            command.*each.of_command = 0;
        command.has_memory = command.has_io = true;
    }
}

CommandTotals::Command& CommandTotals::command_of(std::string_view name) {
    const auto known = commands_.find(name);
    return known != commands_.end() ? known->second : commands_[std::string(name)];
}

void CommandTotals::add(const io::ProcessStats& process) {
    auto [at, is_new] = known_.try_emplace(process.pid);
    Known& known = at->second;
    if (is_new || known.start_ticks != process.start_ticks) {
        known = {};
        known.start_ticks = process.start_ticks;
        is_new = true;
    }
    known.scan = scan_;
    const bool past_counts = is_new && process.start_ticks >= since_ticks_;
    Command& command = command_of(text::clean_name(process.command(), buffer_));
    std::optional<std::int64_t> cpu_before = is_new ? std::nullopt : std::optional(known.cpu_ticks);
    add_growth(command.cpu_ticks, cpu_before, process.cpu_ticks, past_counts);
    known.cpu_ticks = *cpu_before;
    for (const IoCounter& each : io_counters) {
        add_growth(command.*each.of_command, known.counters.*each.of_process, process.*each.of_process,
                   past_counts);
        command.has_io = command.has_io && process.*each.of_process;
    }
    for (const Pages& each : page_counts) {
        add_to(command.*each.of_command, (process.*each.of_process).value_or(0));
        command.has_memory = command.has_memory && process.*each.of_process;
    }
    add_to(command.count, 1);
    add_to(command.threads, process.threads);
}

void CommandTotals::take(std::span<const io::ProcessStats> processes, std::int64_t begin_ticks) {
    begin_scan();
    for (const io::ProcessStats& process : processes)
        add(process);
    std::erase_if(known_, [this](const auto& each) { return each.second.scan != scan_; });
    // A command that was sent is kept, as its counters must not restart at 0. Other commands without a
    // process can be dropped.
    if (commands_.size() > most_kept_)
        std::erase_if(commands_, [this](const auto& each) {
            return each.second.count == 0 && !names_.holds(each.first);
        });
    since_ticks_ = std::max(since_ticks_, begin_ticks);
}

std::span<const CommandTotals::Entry* const> CommandTotals::top(std::size_t max_count, std::int64_t now_ns) {
    names_.begin_scan(now_ns);
    ranking_.clear();
    for (Entry& entry : commands_)
        if (entry.second.count > 0)
            ranking_.push_back(&entry);
    const auto rank = [](const Entry* entry) {
        const Command& command = entry->second;
        return std::tuple(-(command.cpu_ticks - command.cpu_before), -command.cpu_ticks,
                          std::string_view(entry->first));
    };
    std::ranges::sort(ranking_, {}, rank);
    top_.clear();
    for (Entry* entry : ranking_) {
        if (top_.size() == max_count)
            break;
        if (names_.admit(entry->first) == Admission::admitted)
            top_.push_back(entry);
    }
    return top_;
}

bool wants_io(const Selection& selection) noexcept {
    return std::ranges::any_of(io_counters, [&](const IoCounter& each) { return selection.has(each.field); });
}

void set_command(const CommandTotals::Command& command, Readings& readings) noexcept {
    static const std::int64_t page_bytes = ::sysconf(_SC_PAGESIZE);
    set_product(field_id("lxc_process", "count"), command.count, 1, readings);
    set_product(field_id("lxc_process", "threads"), command.threads, 1, readings);
    set_product(field_id("lxc_process", "cpu_usec"), command.cpu_ticks, io::user_hz_tick_usec(), readings);
    for (const Pages& each : page_counts)
        if (command.has_memory)
            set_product(each.field, command.*each.of_command, page_bytes, readings);
    for (const IoCounter& each : io_counters)
        if (command.has_io)
            set_product(each.field, command.*each.of_command, 1, readings);
}

} // namespace lxcmon::sample
