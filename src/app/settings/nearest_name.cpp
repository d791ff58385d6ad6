// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/nearest_name.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace lxcmon::app {
namespace {

/// Longer than each option name; longer texts are not compared.
constexpr std::size_t longest_typed_bytes = 64;

/// Number of typing errors (Damerau-Levenshtein, optimal string alignment).
std::size_t distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> two_before(right.size() + 1);
    std::vector<std::size_t> before(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(before.begin(), before.end(), 0U);
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t replaced = before[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            row[j] = std::min({before[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                row[j] = std::min(row[j], two_before[j - 2] + 1);
        }
        std::swap(two_before, before);
        std::swap(before, row);
    }
    return before[right.size()];
}

} // namespace

std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names) {
    if (typed.size() > longest_typed_bytes)
        return {};
    // At least one character must be right.
    const std::size_t most = std::max<std::size_t>(2, typed.size() / 3);
    std::size_t least = std::min(most + 1, typed.size());
    std::string_view nearest;
    for (const std::string_view name : names) {
        const std::size_t errors = distance(typed, name);
        if (errors < least || (errors == least && !nearest.empty() && name < nearest)) {
            least = errors;
            nearest = name;
        }
    }
    return nearest;
}

std::string did_you_mean(std::string_view typed, std::span<const std::string_view> names,
                         std::string_view prefix) {
    const std::string_view name = nearest_name(typed, names);
    return name.empty() ? "" : " (did you mean " + std::string(prefix) + std::string(name) + "?)";
}

} // namespace lxcmon::app
