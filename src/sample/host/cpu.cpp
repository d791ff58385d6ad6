// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/host/cpu.hpp"

#include "io/clock.hpp"
#include "io/parse.hpp"

#include <array>
#include <initializer_list>

namespace lxcmon::sample {
namespace {

/// Columns of the line "cpu", in USER_HZ ticks.
enum Column : std::size_t {
    user,
    nice,
    system,
    idle,
    iowait,
    irq,
    softirq,
    steal,
    guest,
    guest_nice,
    column_count
};
using Columns = std::array<std::optional<std::int64_t>, column_count>;

consteval FieldId cpu_field(std::string_view name) {
    return field_id("host_cpu", name);
}

Columns parse_columns(std::string_view line) noexcept {
    Columns columns;
    std::size_t at = 0;
    io::for_each_word(line, [&](std::string_view word) {
        if (at < columns.size())
            columns[at++] = io::parse_count(word);
    });
    return columns;
}

/// The sum in us; nothing if a column is missing or the sum overflows.
std::optional<std::int64_t> usec_of(const Columns& columns, std::initializer_list<Column> which) noexcept {
    std::int64_t sum = 0;
    for (const Column each : which)
        if (!columns[each] || __builtin_add_overflow(sum, *columns[each], &sum))
            return std::nullopt;
    return __builtin_mul_overflow(sum, io::user_hz_tick_usec(), &sum) ? std::nullopt : std::optional(sum);
}

void set_times(const Columns& columns, Readings& readings) noexcept {
    const auto set = [&](FieldId field, std::initializer_list<Column> which) {
        if (const auto usec = usec_of(columns, which))
            readings.set(field, *usec);
    };
    set(cpu_field("usage_usec"), {user, nice, system, irq, softirq});
    set(cpu_field("user_usec"), {user, nice});
    set(cpu_field("system_usec"), {system, irq, softirq});
    set(cpu_field("iowait_usec"), {iowait});
    set(cpu_field("steal_usec"), {steal});
    set(cpu_field("nice_usec"), {nice});
    set(cpu_field("irq_usec"), {irq});
    set(cpu_field("softirq_usec"), {softirq});
    set(cpu_field("guest_usec"), {guest});
    set(cpu_field("guest_nice_usec"), {guest_nice});
    set(cpu_field("idle_usec"), {idle});
}

/// The first number of a line, which is the total of the others.
void set_total(FieldId field, std::string_view line, Readings& readings) noexcept {
    if (const auto total = io::parse_count(io::take_until(line, ' ')))
        readings.set(field, *total);
}

} // namespace

void parse_host_cpu(std::string_view stat, Readings& readings) noexcept {
    std::int64_t cpus = 0;
    io::for_each_line(stat, [&](std::string_view line) {
        std::string_view name = io::take_until(line, ' ');
        if (name == "cpu")
            return set_times(parse_columns(line), readings);
        if (name == "ctxt")
            return set_total(cpu_field("context_switches"), line, readings);
        if (name == "intr")
            return set_total(cpu_field("interrupts"), line, readings);
        if (name == "softirq")
            return set_total(cpu_field("soft_interrupts"), line, readings);
        if (name.starts_with("cpu")) {
            name.remove_prefix(3);
            cpus += io::parse_number<unsigned>(name) ? 1 : 0;
        }
    });
    if (cpus > 0)
        readings.set(cpu_field("cpus"), cpus);
}

} // namespace lxcmon::sample
