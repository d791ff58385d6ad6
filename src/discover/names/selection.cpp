// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/names/selection.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace lxcmon::discover {
namespace {

bool matches_any(const std::string& name, const std::vector<std::string>& globs) noexcept {
    return std::ranges::any_of(
        globs, [&](const std::string& glob) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

} // namespace

bool is_selected(const std::string& name, const std::string& pve_name,
                 const DiscoverSettings& settings) noexcept {
    const auto has_match = [&](const std::vector<std::string>& globs) {
        return matches_any(name, globs) || (!pve_name.empty() && matches_any(pve_name, globs));
    };
    return (settings.include.empty() || has_match(settings.include)) && !has_match(settings.exclude);
}

bool may_be_selected(const std::string& name, const DiscoverSettings& settings) noexcept {
    return !matches_any(name, settings.exclude);
}

std::string no_match(const DiscoverSettings& settings) {
    if (settings.include.empty())
        return settings.exclude.empty() ? "" : "--exclude leaves no container";
    return settings.exclude.empty() ? "--include matches no container"
                                    : "--include and --exclude leave no container";
}

} // namespace lxcmon::discover
