// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/same_kind.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace lxcmon::text {
namespace {

constexpr std::string_view digits = "0123456789";

/// Takes the text up to the first number, and that number, from `text`. False: no number follows the text.
std::pair<std::string_view, bool> take_up_to_number(std::string_view& text) noexcept {
    const std::size_t begin = std::min(text.find_first_of(digits), text.size());
    const std::pair taken(text.substr(0, begin), begin < text.size());
    text.remove_prefix(std::min(text.find_first_not_of(digits, begin), text.size()));
    return taken;
}

} // namespace

bool same_kind(std::string_view one, std::string_view other) noexcept {
    while (!one.empty() && !other.empty())
        if (take_up_to_number(one) != take_up_to_number(other))
            return false;
    return one.empty() && other.empty();
}

} // namespace lxcmon::text
