// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/limits_above.hpp"

#include "io/kernel_file.hpp"
#include "io/parse.hpp"
#include "sample/cgroup/cpu.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

namespace lxcmon::sample {
namespace {

template <typename Number>
void lower(std::optional<Number>& limit, const std::optional<Number>& other) noexcept {
    if (other && (!limit || *other < *limit))
        limit = other;
}

bool has_controller(const Hierarchy& hierarchy, std::string_view controller) noexcept {
    return !hierarchy.unified &&
           std::ranges::find(hierarchy.controllers, controller) != hierarchy.controllers.end();
}

/// The directory above; nothing above the mount point.
std::optional<std::string_view> parent_of(const Hierarchy& hierarchy, std::string_view directory) noexcept {
    if (directory.size() <= hierarchy.mount_point.size())
        return std::nullopt;
    const std::size_t slash = directory.rfind('/');
    return directory.substr(0, slash == std::string_view::npos ? 0 : slash);
}

template <typename Number>
void hold_lowest(std::optional<Number> own, std::optional<Number> above, FieldId holding,
                 Readings& readings) noexcept {
    lower(above, own);
    if (above)
        readings.set(holding, *above);
}

} // namespace

void Limits::lower_to(const Limits& other) noexcept {
    lower(cores, other.cores);
    lower(memory_bytes, other.memory_bytes);
    lower(swap_bytes, other.swap_bytes);
    lower(processes, other.processes);
}

BranchLimits::BranchLimits(int root_fd, const Hierarchy& hierarchy, std::string_view directory,
                           std::uint64_t number)
    : root_fd_(root_fd)
    , has_unified_(hierarchy.unified)
    , has_cpu_(has_controller(hierarchy, "cpu"))
    , has_pids_(has_controller(hierarchy, "pids"))
    , schedule_(number) {
    std::vector<std::string_view> upwards{directory};
    while (const auto parent = parent_of(hierarchy, upwards.back()))
        upwards.push_back(*parent);
    std::ranges::reverse(upwards);
    const auto levels = std::min<std::size_t>(upwards.size(), most_levels);
    directories_.assign(upwards.begin(), upwards.begin() + static_cast<std::ptrdiff_t>(levels));
}

const Limits* BranchLimits::read(std::span<char> buffer, std::int64_t now_ns,
                                 std::chrono::nanoseconds interval) {
    if (schedule_.is_due(now_ns, interval)) {
        if (const auto found = read_all(buffer)) {
            limits_ = found;
            schedule_.take(now_ns);
        }
    }
    return limits_ ? &*limits_ : nullptr;
}

/// Nothing if descriptors run short.
std::optional<Limits> BranchLimits::read_all(std::span<char> buffer) const {
    Limits lowest;
    for (const std::string& directory : directories_) {
        const auto found = limits_of(directory, buffer);
        if (!found)
            return std::nullopt;
        lowest.lower_to(*found);
    }
    return lowest;
}

std::optional<Limits> BranchLimits::limits_of(const std::string& directory, std::span<char> buffer) const {
    std::array<char, PATH_MAX> path{};
    bool is_short = false;
    const auto text_of_file = [&](const char* name, std::span<char> room) {
        std::snprintf(path.data(), path.size(), "%s/%s", directory.c_str(), name);
        const io::ReadResult result = io::read_once(root_fd_, path.data(), room);
        is_short = is_short || result.error == EMFILE || result.error == ENFILE || result.error == ENOMEM;
        return result.text;
    };
    const std::size_t half = buffer.size() / 2;
    Limits found;
    if (has_unified_) {
        found.cores = parse_cpu_max(text_of_file("cpu.max", buffer));
        found.memory_bytes = io::parse_count_line(text_of_file("memory.max", buffer));
        found.swap_bytes = io::parse_count_line(text_of_file("memory.swap.max", buffer));
    }
    if (has_cpu_)
        found.cores = parse_cfs_quota(text_of_file("cpu.cfs_quota_us", buffer.first(half)),
                                      text_of_file("cpu.cfs_period_us", buffer.subspan(half)));
    if (has_unified_ || has_pids_)
        found.processes = io::parse_count_line(text_of_file("pids.max", buffer));
    return is_short ? std::nullopt : std::optional(found);
}

LimitsAbove::Branches LimitsAbove::above(const CgroupLayout& layout,
                                         const std::vector<std::optional<std::string>>& directories) {
    std::erase_if(branches_, [](const auto& each) { return each.second.expired(); });
    Branches found;
    for (std::size_t index = 0; index < directories.size(); ++index) {
        const Hierarchy& hierarchy = layout.hierarchies()[index];
        const bool has_limits =
            hierarchy.unified || has_controller(hierarchy, "cpu") || has_controller(hierarchy, "pids");
        if (!has_limits || !directories[index])
            continue;
        const auto parent = parent_of(hierarchy, *directories[index]);
        if (!parent)
            continue;
        auto& known = branches_[std::string(*parent)];
        auto branch = known.lock();
        if (!branch) {
            branch = std::make_shared<BranchLimits>(root_fd_, hierarchy, *parent, branches_made_++);
            known = branch;
        }
        found.push_back(std::move(branch));
    }
    return found;
}

/// Documentation/admin-guide/cputopology.rst. A value that can't be read leaves the last one.
void LimitsAbove::read_online_cpus(std::span<char> buffer, std::int64_t now_ns) noexcept {
    if (online_read_ns_ && now_ns - *online_read_ns_ < interval_.count())
        return;
    online_read_ns_ = now_ns;
    if (const auto online = count_cpus(io::read_once(root_fd_, "sys/devices/system/cpu/online", buffer).text))
        online_cpus_ = online;
}

void LimitsAbove::hold(const Branches& branches, const OwnCpu& own_cpu, std::span<char> buffer,
                       std::int64_t now_ns, Readings& readings) {
    Limits above;
    if (own_cpu.usable_cpus) {
        read_online_cpus(buffer, now_ns);
        if (online_cpus_ && *own_cpu.usable_cpus < *online_cpus_)
            above.cores = static_cast<double>(*own_cpu.usable_cpus);
    }
    for (const auto& branch : branches) {
        const Limits* const limits = branch->read(buffer, now_ns, interval_);
        if (limits == nullptr)
            return;
        above.lower_to(*limits);
    }
    constexpr FieldId memory_limit = field_id("lxc_memory", "limit_bytes");
    // v1's is known already.
    lower(above.memory_bytes, readings.integer(memory_limit));
    hold_lowest(own_cpu.cores, above.cores, field_id("lxc_cpu", "limit_cores"), readings);
    hold_lowest(readings.integer(field_id("lxc_memory", "own_limit_bytes")), above.memory_bytes, memory_limit,
                readings);
    hold_lowest(readings.integer(field_id("lxc_memory", "own_swap_limit_bytes")), above.swap_bytes,
                field_id("lxc_memory", "swap_limit_bytes"), readings);
    hold_lowest(readings.integer(field_id("lxc_pids", "own_limit")), above.processes,
                field_id("lxc_pids", "limit"), readings);
}

} // namespace lxcmon::sample
