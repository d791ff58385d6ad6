// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/cgroup/directories.hpp"

#include "io/parse.hpp"

#include <algorithm>

namespace lxcmon::sample {
namespace {

/// NAME, or NAME-N, which liblxc uses if NAME is taken.
bool is_name_or_numbered(std::string_view component, std::string_view name) noexcept {
    if (!component.starts_with(name))
        return false;
    component.remove_prefix(name.size());
    if (component.empty())
        return true;
    component.remove_prefix(1);
    return component.data()[-1] == '-' && !component.empty() &&
           std::ranges::all_of(component, [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

std::optional<std::string> container_root(std::string_view init_cgroup, std::string_view name,
                                          std::string_view configured_dir) {
    if (const std::string_view dir = io::trim_slashes(configured_dir); !dir.empty())
        if (const auto end = io::end_of_part(init_cgroup, dir))
            return std::string(init_cgroup.substr(0, *end));

    // The first match is the host's container; the cgroups of a nested LXC follow it.
    constexpr std::string_view payload = "lxc.payload.";
    std::string_view rest = init_cgroup;
    std::string_view parent;
    while (!rest.empty()) {
        const std::string_view component = io::take_until(rest, '/');
        const bool modern =
            component.starts_with(payload) && is_name_or_numbered(component.substr(payload.size()), name);
        if (modern || (parent == "lxc" && is_name_or_numbered(component, name)))
            return std::string(init_cgroup.substr(
                0, static_cast<std::size_t>(component.data() + component.size() - init_cgroup.data())));
        parent = component;
    }
    return std::nullopt;
}

std::vector<std::optional<std::string>> container_directories(const CgroupLayout& layout,
                                                              std::string_view proc_cgroup,
                                                              std::string_view name,
                                                              std::string_view configured_dir) {
    std::vector<std::optional<std::string>> directories(layout.hierarchies().size());
    io::for_each_line(proc_cgroup, [&](std::string_view line) {
        // number:controller,controller:path; number 0 and no controller for v2 (cgroups(7))
        const std::string_view number = io::take_until(line, ':');
        std::string_view controllers = io::take_until(line, ':');
        const auto index = controllers.empty() && number == "0"
                               ? layout.find_v2()
                               : layout.find_v1(io::take_until(controllers, ','));
        if (!index)
            return;
        if (const auto root = container_root(line, name, configured_dir))
            directories[*index] = CgroupLayout::directory(layout.hierarchies()[*index], *root);
    });
    return directories;
}

} // namespace lxcmon::sample
