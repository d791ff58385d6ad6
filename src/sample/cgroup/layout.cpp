// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/layout.hpp"

#include "io/mountinfo.hpp"
#include "io/parse.hpp"

#include <algorithm>
#include <array>

namespace lxcmon::sample {
namespace {

/// True for a super option of a v1 mount that is no controller (kernel/cgroup/cgroup-v1.c).
bool is_plain_option(std::string_view option) noexcept {
    constexpr auto known = std::to_array<std::string_view>(
        {"rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode", "favordynmods", "seclabel"});
    return std::ranges::find(known, option) != known.end() || option.starts_with("release_agent=");
}

std::vector<std::string> controllers_of(std::string_view super_options) {
    std::vector<std::string> controllers;
    while (!super_options.empty())
        if (const std::string_view option = io::take_until(super_options, ','); !is_plain_option(option))
            controllers.emplace_back(option);
    return controllers;
}

} // namespace

CgroupLayout::CgroupLayout(std::string_view mountinfo) {
    io::for_each_mount(mountinfo, [this](const io::Mount& mount) {
        const bool unified = mount.filesystem_type == "cgroup2";
        if (!unified && mount.filesystem_type != "cgroup")
            return;
        const std::size_t begin =
            std::min(mount.mount_point.find_first_not_of('/'), mount.mount_point.size());
        Hierarchy found{unified, {}, mount.mount_point.substr(begin), mount.root};
        if (!unified)
            found.controllers = controllers_of(mount.super_options);
        const auto twin = std::ranges::find_if(hierarchies_, [&](const Hierarchy& each) {
            return each.unified == found.unified && each.controllers == found.controllers;
        });
        if (twin == hierarchies_.end())
            hierarchies_.push_back(std::move(found));
        else if (twin->root != "/" && found.root == "/")
            *twin = std::move(found);
    });
}

std::optional<std::size_t> CgroupLayout::find_v1(std::string_view controller) const noexcept {
    for (std::size_t index = 0; index < hierarchies_.size(); ++index)
        if (!hierarchies_[index].unified && std::ranges::find(hierarchies_[index].controllers, controller) !=
                                                hierarchies_[index].controllers.end())
            return index;
    return std::nullopt;
}

std::optional<std::size_t> CgroupLayout::find_v2() const noexcept {
    const auto at = std::ranges::find_if(hierarchies_, &Hierarchy::unified);
    if (at == hierarchies_.end())
        return std::nullopt;
    return static_cast<std::size_t>(at - hierarchies_.begin());
}

std::string_view CgroupLayout::describe() const noexcept {
    const bool has_v2 = find_v2().has_value();
    const bool has_v1 = std::ranges::any_of(hierarchies_, [](const Hierarchy& each) {
        return std::ranges::any_of(each.controllers,
                                   [](const std::string& name) { return !name.starts_with("name="); });
    });
    if (has_v1)
        return has_v2 ? "hybrid" : "v1";
    return has_v2 ? "v2" : "none";
}

std::optional<std::string> CgroupLayout::directory(const Hierarchy& hierarchy, std::string_view cgroup) {
    if (hierarchy.root != "/") {
        if (!cgroup.starts_with(hierarchy.root))
            return std::nullopt;
        cgroup.remove_prefix(hierarchy.root.size());
        if (!cgroup.empty() && cgroup.front() != '/')
            return std::nullopt;
    }
    // Mounted at "/": the path would begin with a slash, and not be relative.
    while (hierarchy.mount_point.empty() && cgroup.starts_with('/'))
        cgroup.remove_prefix(1);
    return hierarchy.mount_point + std::string(cgroup);
}

} // namespace lxcmon::sample
