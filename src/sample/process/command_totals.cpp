// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/process/command_totals.hpp"

#include "io/clock.hpp"
#include "text/clean_name.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <tuple>

namespace lxcmon::sample {
namespace {

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
        command.count = command.threads = command.rss_pages = 0;
        command.has_rss = command.has_io = true;
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
    add_growth(command.read_bytes, known.read_bytes, process.read_bytes, past_counts);
    add_growth(command.write_bytes, known.write_bytes, process.write_bytes, past_counts);
    add_to(command.count, 1);
    add_to(command.threads, process.threads);
    add_to(command.rss_pages, process.rss_pages.value_or(0));
    command.has_rss = command.has_rss && process.rss_pages;
    command.has_io = command.has_io && process.read_bytes && process.write_bytes;
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

void set_command(const CommandTotals::Command& command, Readings& readings) noexcept {
    static const std::int64_t page_bytes = ::sysconf(_SC_PAGESIZE);
    set_product(field_id("lxc_process", "count"), command.count, 1, readings);
    set_product(field_id("lxc_process", "threads"), command.threads, 1, readings);
    set_product(field_id("lxc_process", "cpu_usec"), command.cpu_ticks, io::user_hz_tick_usec(), readings);
    if (command.has_rss)
        set_product(field_id("lxc_process", "rss_bytes"), command.rss_pages, page_bytes, readings);
    if (command.has_io) {
        set_product(field_id("lxc_process", "read_bytes"), command.read_bytes, 1, readings);
        set_product(field_id("lxc_process", "write_bytes"), command.write_bytes, 1, readings);
    }
}

} // namespace lxcmon::sample
