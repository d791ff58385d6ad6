// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/name_globs.hpp"

#include "text/clean_name.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace lxcmon::text {
namespace {

bool has_match(const std::vector<std::string>& globs, const char* name) noexcept {
    return std::ranges::any_of(
        globs, [name](const std::string& glob) { return ::fnmatch(glob.c_str(), name, 0) == 0; });
}

} // namespace

bool NameGlobs::wants(const char* name, bool by_default) const {
    if (include.empty() && exclude.empty())
        return by_default;
    std::string buffer;
    const char* const shown = clean_name(name, buffer).data(); // ends in NUL, as both sources do
    return !has_match(exclude, shown) && (by_default || has_match(include, shown));
}

} // namespace lxcmon::text
