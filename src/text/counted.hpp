// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lxcmon::text {

/// "1 line", "2 lines". The plural of `noun` is given if it does not end in an added s.
[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view noun,
                                         std::string_view plural = {}) {
    std::string text = std::to_string(count) + ' ';
    text += count == 1 || plural.empty() ? noun : plural;
    if (count != 1 && plural.empty())
        text += 's';
    return text;
}

} // namespace lxcmon::text
