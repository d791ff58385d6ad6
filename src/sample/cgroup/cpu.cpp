// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/cpu.hpp"

#include "io/parse.hpp"

namespace lxcmon::sample {
namespace {

std::optional<double> cores(std::optional<std::int64_t> quota_usec,
                            std::optional<std::int64_t> period_usec) noexcept {
    if (!quota_usec || !period_usec || *quota_usec == 0 || *period_usec == 0)
        return std::nullopt;
    return static_cast<double>(*quota_usec) / static_cast<double>(*period_usec);
}

/// "3", or "0-3".
std::optional<std::int64_t> count_range(std::string_view range) noexcept {
    const bool is_single = range.find('-') == std::string_view::npos;
    const auto first = io::parse_number<std::int32_t>(io::take_until(range, '-'));
    const auto last = is_single ? first : io::parse_number<std::int32_t>(range);
    if (!first || !last || *first < 0 || *last < *first)
        return std::nullopt;
    return std::int64_t{*last} - *first + 1;
}

} // namespace

std::optional<double> parse_cpu_max(std::string_view text) noexcept {
    auto line = io::single_line(text);
    if (!line)
        return std::nullopt;
    const auto quota = io::parse_count(io::take_until(*line, ' '));
    return cores(quota, io::parse_count(*line));
}

std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) noexcept {
    return cores(io::parse_count_line(quota), io::parse_count_line(period));
}

std::optional<std::int64_t> count_cpus(std::string_view list) noexcept {
    auto line = io::single_line(list);
    if (!line || line->ends_with(','))
        return std::nullopt;
    std::int64_t count = 0;
    do {
        const auto range = count_range(io::take_until(*line, ','));
        if (!range)
            return std::nullopt;
        count += *range;
    } while (!line->empty());
    return count;
}

std::optional<double> CpuRate::next(std::int64_t usage_usec, std::int64_t now_ns) noexcept {
    std::optional<double> percent;
    const std::int64_t passed_ns = now_ns - time_ns_;
    if (usage_usec_ && usage_usec >= *usage_usec_ && passed_ns > 0)
        percent = static_cast<double>(usage_usec - *usage_usec_) * 1e5 / static_cast<double>(passed_ns);
    usage_usec_ = usage_usec;
    time_ns_ = now_ns;
    return percent;
}

CpuSampler::CpuSampler(const ContainerFiles& files) {
    // Also if own_limit_cores is not selected: is_limited() sets how often throttling is read.
    if (files.selection.has_any(fields_of("lxc_cpu"))) {
        v1_quota_ = files.watched_v1("cpu", "cpu.cfs_quota_us");
        v1_period_ = files.watched_v1("cpu", "cpu.cfs_period_us");
        if (!v1_quota_)
            cpu_max_ = files.watched_v2("cpu.max");
    }
    if (files.selection.has(field_id("lxc_cpu", "cpus")) ||
        files.selection.has(field_id("lxc_cpu", "limit_cores"))) {
        cpuset_ = files.v1("cpuset", "cpuset.effective_cpus", io::Keep::if_roomy);
        if (!cpuset_)
            cpuset_ = files.v2("cpuset.cpus.effective", io::Keep::if_roomy);
    }
}

void CpuSampler::sample(std::span<char> buffer, std::int64_t monotonic_ns, bool seldom,
                        Readings& readings) noexcept {
    if (const auto usage = readings.integer(field_id("lxc_cpu", "usage_usec")))
        if (const auto percent = rate_.next(*usage, monotonic_ns))
            readings.set(field_id("lxc_cpu", "usage_percent"), *percent);
    const std::size_t half = buffer.size() / 2;
    if (may_have_changed(cpu_max_))
        limit_cores_ = parse_cpu_max(text_of(cpu_max_, buffer));
    if (may_have_changed(v1_quota_) || may_have_changed(v1_period_))
        limit_cores_ = parse_cfs_quota(text_of(v1_quota_, buffer.first(half)),
                                       text_of(v1_period_, buffer.subspan(half)));
    if (limit_cores_)
        readings.set(field_id("lxc_cpu", "own_limit_cores"), *limit_cores_);
    if (!seldom)
        return;
    if (const auto cpus = count_cpus(text_of(cpuset_, buffer))) {
        cpus_ = cpus;
        readings.set(field_id("lxc_cpu", "cpus"), *cpus);
    }
}

} // namespace lxcmon::sample
