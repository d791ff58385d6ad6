// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace lxcmon::text {

/// std::string_view::contains() of C++23.
[[nodiscard]] constexpr bool contains(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != std::string_view::npos;
}

} // namespace lxcmon::text
