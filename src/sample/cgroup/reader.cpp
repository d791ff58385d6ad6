// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/reader.hpp"

#include "io/clock.hpp"
#include "io/parse.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace lxcmon::sample {
namespace {

/// memory.limit_in_bytes without a limit: LONG_MAX rounded down to a page (mm/page_counter.c).
constexpr std::int64_t v1_unlimited = std::numeric_limits<std::int64_t>::max() - 0xffff;

std::optional<std::int64_t> product(std::int64_t number, std::int64_t factor) noexcept {
    return number > std::numeric_limits<std::int64_t>::max() / factor ? std::nullopt
                                                                      : std::optional(number * factor);
}

/// The number in "     1024 kB".
std::string_view without_kib(std::string_view text) noexcept {
    constexpr std::string_view unit = " kB";
    if (!text.ends_with(unit))
        return {};
    text.remove_suffix(unit.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return text;
}

std::optional<std::int64_t> figure(std::string_view text, NumberFormat reading) noexcept {
    if (reading == NumberFormat::kib_to_bytes)
        text = without_kib(text);
    else if (reading == NumberFormat::kstat)
        text.remove_prefix(text.rfind(' ') + 1); // 0 without a blank
    const auto number = io::parse_count(text);
    if (!number)
        return std::nullopt;
    switch (reading) {
    case NumberFormat::plain:
    case NumberFormat::kstat:
        return number;
    case NumberFormat::limit:
        return *number >= v1_unlimited ? std::nullopt : number;
    case NumberFormat::nsec_to_usec:
        return *number / 1000;
    case NumberFormat::ticks_to_usec:
        return product(*number, io::user_hz_tick_usec());
    case NumberFormat::kib_to_bytes:
    case NumberFormat::bare_kib_to_bytes:
        return product(*number, 1024);
    }
    return std::nullopt;
}

/// A field and one of its inputs, which may be computed itself.
struct Computed {
    FieldId field, from;
};
constexpr auto computed = std::to_array<Computed>({
    {field_id("lxc_cpu", "usage_percent"), field_id("lxc_cpu", "usage_usec")},
    {field_id("lxc_memory", "limit_bytes"), field_id("lxc_memory", "own_limit_bytes")},
    {field_id("lxc_memory", "swap_limit_bytes"), field_id("lxc_memory", "own_swap_limit_bytes")},
    {field_id("lxc_pids", "limit"), field_id("lxc_pids", "own_limit")},
    {field_id("lxc_memory", "used_bytes"), field_id("lxc_memory", "usage_bytes")},
    {field_id("lxc_memory", "used_bytes"), field_id("lxc_memory", "file_bytes")},
    {field_id("lxc_memory", "used_bytes"), field_id("lxc_memory", "shmem_bytes")},
    {field_id("lxc_memory", "used_bytes"), field_id("", "slab_reclaimable_bytes")},
    {field_id("lxc_memory", "used_percent"), field_id("", "slab_reclaimable_bytes")},
    {field_id("lxc_memory", "used_percent"), field_id("lxc_memory", "shmem_bytes")},
    {field_id("lxc_memory", "used_percent"), field_id("lxc_memory", "usage_bytes")},
    {field_id("lxc_memory", "used_percent"), field_id("lxc_memory", "file_bytes")},
    {field_id("lxc_memory", "used_percent"), field_id("lxc_memory", "limit_bytes")},
    {field_id("lxc_memory", "working_set_bytes"), field_id("lxc_memory", "usage_bytes")},
    {field_id("lxc_memory", "working_set_bytes"), field_id("lxc_memory", "inactive_file_bytes")},
    {field_id("host_memory", "usage_bytes"), field_id("host_memory", "limit_bytes")},
    {field_id("host_memory", "usage_bytes"), field_id("", "host_free_bytes")},
    {field_id("host_memory", "file_bytes"), field_id("", "host_cached_bytes")},
    {field_id("host_memory", "file_bytes"), field_id("", "host_buffers_bytes")},
    {field_id("host_memory", "used_bytes"), field_id("host_memory", "usage_bytes")},
    {field_id("host_memory", "used_bytes"), field_id("host_memory", "file_bytes")},
    {field_id("host_memory", "used_bytes"), field_id("host_memory", "shmem_bytes")},
    {field_id("host_memory", "used_bytes"), field_id("", "host_reclaimable_bytes")},
    {field_id("host_memory", "used_bytes"), field_id("", "host_arc_bytes")},
    {field_id("host_memory", "used_bytes"), field_id("", "host_arc_min_bytes")},
    {field_id("host_memory", "used_percent"), field_id("host_memory", "used_bytes")},
    {field_id("host_memory", "used_percent"), field_id("host_memory", "limit_bytes")},
    {field_id("host_memory", "swap_limit_bytes"), field_id("", "host_swap_bytes")},
    {field_id("host_memory", "swap_usage_bytes"), field_id("", "host_swap_bytes")},
    {field_id("host_memory", "swap_usage_bytes"), field_id("", "host_swap_free_bytes")},
});

} // namespace

bool is_needed(FieldId field, const Selection& selection) noexcept {
    const bool is_sent = !field_table[field].measurement.empty() && selection.has(field);
    return is_sent || std::ranges::any_of(computed, [&](const Computed& each) {
               return each.from == field && is_needed(each.field, selection);
           });
}

void add_wanted(std::size_t hierarchy, const CgroupSource& source, FieldId field,
                std::vector<CgroupPlan::File>& files) {
    auto at = std::ranges::find_if(files, [&](const CgroupPlan::File& each) {
        return each.hierarchy == hierarchy && each.name == source.file;
    });
    if (at == files.end())
        at = files.insert(files.end(), {hierarchy, source.file, {}, {}});
    at->wanted.push_back({source.key, field, source.reading});
}

CgroupPlan::CgroupPlan(const CgroupLayout& layout, const Selection& selection) {
    for (FieldId field = 0; field < field_count; ++field) {
        const auto& [v1, v2] = std::pair(field_table[field].v1, field_table[field].v2);
        if (v2.is_of_host() || !is_needed(field, selection))
            continue;
        const auto in_v1 = layout.find_v1(v1.file.substr(0, v1.file.find('.')));
        if (!v1.file.empty() && in_v1)
            add_wanted(*in_v1, v1, field, files_);
        else if (const auto in_v2 = layout.find_v2(); !v2.file.empty() && in_v2)
            add_wanted(*in_v2, v2, field, files_);
    }
    for (File& file : files_)
        file.cadence = cadence_of(file.name, layout.hierarchies()[file.hierarchy].unified);
    std::ranges::stable_sort(files_, {}, &File::cadence);
}

void take_fields(std::string_view text, const CgroupPlan::File& file, Readings& readings) noexcept {
    const auto take = [&](const CgroupPlan::Wanted& wanted, std::string_view number) {
        if (const auto value = figure(number, wanted.reading))
            readings.set(wanted.field, *value);
    };
    if (file.wanted.front().key.empty()) {
        if (const auto line = io::single_line(text))
            take(file.wanted.front(), *line);
        return;
    }
    io::for_each_line(text, [&](std::string_view line) {
        const std::string_view key = io::take_until(line, ' ');
        for (const CgroupPlan::Wanted& wanted : file.wanted)
            if (wanted.key == key)
                take(wanted, line);
    });
}

CgroupReader::CgroupReader(const CgroupPlan& plan, int root_fd,
                           std::span<const std::optional<std::string>> directories, io::FdBudget& budget,
                           io::FileChanges* changes) {
    files_.reserve(plan.files().size());
    for (const CgroupPlan::File& file : plan.files()) {
        const auto& directory = directories[file.hierarchy];
        if (!directory)
            continue;
        const bool is_watched = file.cadence == Cadence::on_change || file.cadence == Cadence::on_event;
        files_.push_back(
            {&file,
             io::WatchedFile(root_fd, io::FilePath(*directory, file.name), budget,
                             is_watched ? changes : nullptr,
                             file.cadence >= Cadence::throttling ? io::Keep::if_roomy : io::Keep::first),
             {}});
        if (is_watched)
            files_.back().known.resize(file.wanted.size());
    }
}

void CgroupReader::recall(const Opened& opened, Readings& readings) noexcept {
    for (std::size_t index = 0; index < opened.known.size(); ++index)
        if (opened.known[index])
            readings.set(opened.plan->wanted[index].field, *opened.known[index]);
}

std::optional<CgroupReader::Fault> CgroupReader::read(std::span<char> buffer, Due due,
                                                      Readings& readings) noexcept {
    std::optional<Fault> fault;
    for (Opened& opened : files_) {
        const Cadence cadence = opened.plan->cadence;
        if (cadence == Cadence::seldom && !due.seldom)
            break; // all following files are seldom too; their memory stays untouched
        if (cadence == Cadence::throttling && !due.seldom && !due.throttling)
            continue;
        if (!opened.file.may_have_changed() && !(cadence == Cadence::on_event && due.seldom)) {
            recall(opened, readings);
            continue;
        }
        const io::ReadResult result = opened.file.read(buffer);
        if (result.error == 0)
            take_fields(result.text, *opened.plan, readings);
        else if (!result.gone() && !fault)
            fault = Fault{opened.file.path(), result.error};
        for (std::size_t index = 0; index < opened.known.size(); ++index)
            opened.known[index] = readings.integer(opened.plan->wanted[index].field);
    }
    return fault;
}

} // namespace lxcmon::sample
