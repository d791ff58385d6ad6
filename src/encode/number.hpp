// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <charconv>
#include <string>

namespace lxcmon::encode {

/// Appends an integer in decimal, a float in the shortest form that parses to the same number.
template <typename Number>
void append_number(std::string& out, Number number) {
    std::array<char, 32> digits{}; // the longest double has 24 characters
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

} // namespace lxcmon::encode
