#include "sample/cgroup_reader.hpp"

#include "io/parse.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>

namespace lxcmon::sample {
namespace {

constexpr std::int64_t usec_per_sec = 1'000'000;
/// memory.limit_in_bytes without a limit: LONG_MAX rounded down to a page (mm/page_counter.c).
constexpr std::int64_t v1_unlimited = std::numeric_limits<std::int64_t>::max() - 0xffff;

std::optional<std::int64_t> figure(std::string_view text, Reading reading) noexcept {
    static const std::int64_t usec_per_tick = usec_per_sec / ::sysconf(_SC_CLK_TCK);
    const auto number = io::parse_number<std::int64_t>(text);
    if (!number || *number < 0)
        return std::nullopt;
    switch (reading) {
    case Reading::plain:
        return number;
    case Reading::limit:
        return *number >= v1_unlimited ? std::nullopt : number;
    case Reading::nsec_to_usec:
        return *number / 1000;
    case Reading::ticks_to_usec:
        return *number > std::numeric_limits<std::int64_t>::max() / usec_per_tick
                   ? std::nullopt
                   : std::optional(*number * usec_per_tick);
    }
    return std::nullopt;
}

struct Computed {
    FieldId field, from;
};
constexpr auto computed = std::to_array<Computed>({
    {field_id("lxc_cpu", "usage_percent"), field_id("lxc_cpu", "usage_usec")},
    {field_id("lxc_memory", "used_bytes"), field_id("lxc_memory", "usage_bytes")},
    {field_id("lxc_memory", "used_bytes"), field_id("lxc_memory", "file_bytes")},
    {field_id("lxc_memory", "used_percent"), field_id("lxc_memory", "usage_bytes")},
    {field_id("lxc_memory", "used_percent"), field_id("lxc_memory", "file_bytes")},
    {field_id("lxc_memory", "used_percent"), field_id("lxc_memory", "limit_bytes")},
    {field_id("lxc_memory", "working_set_bytes"), field_id("lxc_memory", "usage_bytes")},
    {field_id("lxc_memory", "working_set_bytes"), field_id("", "inactive_file_bytes")},
});

bool is_wanted(FieldId field, const Selection& selection) noexcept {
    const bool is_sent = !field_table[field].measurement.empty() && selection.has(field);
    return is_sent || std::ranges::any_of(computed, [&](const Computed& each) {
               return each.from == field && selection.has(each.field);
           });
}

} // namespace

CgroupPlan::CgroupPlan(const CgroupLayout& layout, const Selection& selection) {
    const auto add = [this](std::size_t hierarchy, const CgroupSource& source, FieldId field) {
        auto at = std::ranges::find_if(files_, [&](const File& each) {
            return each.hierarchy == hierarchy && each.name == source.file;
        });
        if (at == files_.end())
            at = files_.insert(files_.end(), {hierarchy, source.file, {}});
        at->wanted.push_back({source.key, field, source.reading});
    };
    for (FieldId field = 0; field < field_count; ++field) {
        if (!is_wanted(field, selection))
            continue;
        const auto& [v1, v2] = std::pair(field_table[field].v1, field_table[field].v2);
        const auto in_v1 = layout.find_v1(v1.file.substr(0, v1.file.find('.')));
        if (!v1.file.empty() && in_v1)
            add(*in_v1, v1, field);
        else if (const auto in_v2 = layout.find_v2(); !v2.file.empty() && in_v2)
            add(*in_v2, v2, field);
    }
}

void take_figures(std::string_view text, const CgroupPlan::File& file, Readings& readings) noexcept {
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
                           std::span<const std::optional<std::string>> directories, io::FdBudget& budget) {
    files_.reserve(plan.files().size());
    for (const CgroupPlan::File& file : plan.files())
        if (const auto& directory = directories[file.hierarchy])
            files_.push_back(
                {&file, io::KernelFile(root_fd, *directory + '/' + std::string(file.name), budget)});
}

std::optional<CgroupReader::Fault> CgroupReader::read(std::span<char> buffer, Readings& readings) noexcept {
    std::optional<Fault> fault;
    for (Opened& opened : files_) {
        const io::ReadResult result = opened.file.read(buffer);
        if (result.error == 0)
            take_figures(result.text, *opened.plan, readings);
        else if (!result.gone() && !fault)
            fault = Fault{opened.file.path(), result.error};
    }
    return fault;
}

} // namespace lxcmon::sample
