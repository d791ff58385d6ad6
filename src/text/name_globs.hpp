// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace lxcmon::text {

/// Globs (fnmatch(3)) of a pair of options: `include` adds names to the default, `exclude` takes precedence.
struct NameGlobs {
    std::vector<std::string> include{}, exclude{};

    /// Compares the globs with the name as it is shown and sent: with clean_name(). `by_default`: whether the
    /// name is wanted if no glob matches.
    [[nodiscard]] bool wants(const char* name, bool by_default) const;

    friend bool operator==(const NameGlobs&, const NameGlobs&) = default;
};

} // namespace lxcmon::text
