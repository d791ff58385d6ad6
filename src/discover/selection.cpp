// SPDX-License-Identifier: GPL-2.0-or-later
#include "discover/selection.hpp"

#include "discover/lxc_api.hpp"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>

namespace lxcmon::discover {
namespace {

bool matches_any(const std::string& name, const std::vector<std::string>& globs) noexcept {
    return std::ranges::any_of(
        globs, [&](const std::string& glob) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

bool is_directory(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

} // namespace

std::vector<std::string> default_lxcpaths() {
    std::vector<std::string> paths{default_lxcpath()};
    for (const char* path :
         {"/var/lib/lxd/containers", "/var/snap/lxd/common/lxd/containers", "/var/lib/incus/containers"})
        if (is_directory(path) && std::ranges::find(paths, path) == paths.end())
            paths.emplace_back(path);
    return paths;
}

bool is_selected(const std::string& name, const DiscoverSettings& settings) noexcept {
    return (settings.include.empty() || matches_any(name, settings.include)) &&
           !matches_any(name, settings.exclude);
}

} // namespace lxcmon::discover
