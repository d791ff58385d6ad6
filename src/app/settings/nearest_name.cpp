// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/nearest_name.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <tuple>
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

constexpr std::string_view separators = "-_";

bool is_separator(char c) noexcept {
    return separators.find(c) != std::string_view::npos;
}

std::size_t common_begin(std::string_view left, std::string_view right) {
    return static_cast<std::size_t>(std::ranges::mismatch(left, right).in1 - left.begin());
}

/// "influx-token" and "token" of "influx-token-file": the beginning of the name, or whole words of it.
bool is_part(std::string_view typed, std::string_view name) {
    const std::size_t at = name.find(typed);
    if (typed.size() < 2 || at == std::string_view::npos)
        return false;
    const std::size_t end = at + typed.size();
    return at == 0 || (is_separator(name[at - 1]) && (end == name.size() || is_separator(name[end])));
}

/// "influx-db" of "influx-database": letters of the typed text in its order, of which at least the first
/// four, and the first one of the last word, are together.
bool is_short_form(std::string_view name, std::string_view typed) {
    const std::size_t last_word = name.find_last_of(separators) + 1; // npos + 1 is 0
    if (common_begin(name, typed) < std::max<std::size_t>(4, last_word + 1))
        return false;
    for (const char c : typed)
        if (!name.empty() && name.front() == c)
            name.remove_prefix(1);
    return name.empty();
}

/// The number of typing errors, or nullopt if there are too many. Words that both have in front do not count.
std::optional<std::size_t> few_errors(std::string_view typed, std::string_view name) {
    const std::string_view common = typed.substr(0, common_begin(typed, name));
    const std::size_t words = common.find_last_of(separators) + 1;
    const std::size_t size = typed.size() - words;
    const std::size_t most = size <= 4 ? 1 : std::max<std::size_t>(2, size / 3);
    const std::size_t errors = distance(typed, name);
    return errors <= most && errors < size ? std::optional(errors) : std::nullopt;
}

/// The only name that `fits`; empty if there is none or more than one.
template <typename Fits>
std::string_view only_name(std::span<const std::string_view> names, Fits fits) {
    std::string_view found;
    for (const std::string_view name : names) {
        if (!fits(name))
            continue;
        if (!found.empty())
            return {};
        found = name;
    }
    return found;
}

} // namespace

std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names) {
    typed.remove_prefix(std::min(typed.find_first_not_of('-'), typed.size()));
    if (typed.size() > longest_typed_bytes)
        return {};
    if (const auto same = std::ranges::find(names, typed); same != names.end())
        return *same;
    if (const auto name = only_name(names, [&](std::string_view each) { return is_part(typed, each); });
        !name.empty())
        return name;
    // Fewer errors first, then a longer common beginning, then the alphabet. A short form has no errors.
    std::optional<std::tuple<std::size_t, std::size_t, std::string_view>> best;
    for (const std::string_view name : names) {
        const auto errors =
            is_short_form(name, typed) ? std::optional<std::size_t>(0) : few_errors(typed, name);
        if (!errors)
            continue;
        const std::tuple each(*errors, longest_typed_bytes - common_begin(typed, name), name);
        if (!best || each < *best)
            best = each;
    }
    return best ? std::get<2>(*best) : std::string_view{};
}

std::string did_you_mean(std::string_view typed, std::span<const std::string_view> names,
                         std::string_view prefix) {
    const std::string_view name = nearest_name(typed, names);
    return name.empty() ? "" : " (did you mean " + std::string(prefix) + std::string(name) + "?)";
}

} // namespace lxcmon::app
