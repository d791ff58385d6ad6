// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace lxcmon::test {

[[nodiscard]] inline bool has(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != std::string_view::npos;
}

} // namespace lxcmon::test
