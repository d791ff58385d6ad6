// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace lxcmon::text {

/// Longer strings are cut on a character boundary (docs/protocol.md).
inline constexpr std::size_t max_string_bytes = 64U << 10U;

inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Bytes of the well-formed UTF-8 character (Unicode 15, table 3-7) at the start of `text`; 0 if there is
/// none. `text` must not be empty.
[[nodiscard]] std::size_t character_bytes(std::string_view text) noexcept;

/// True for a character of more than one byte that changes what a terminal or a page shows of others: C1
/// controls (U+0080 to U+009F) and marks of direction.
[[nodiscard]] bool is_harmful(std::string_view character) noexcept;

/// Appends `text` to `out`: calls `ascii(char)` for each single-byte character and copies longer ones
/// unchanged. A harmful one, and each byte that is not UTF-8, becomes U+FFFD. The text is cut at
/// `most_bytes`.
template <typename Ascii>
void append_text(std::string& out, std::string_view text, Ascii&& ascii,
                 std::size_t most_bytes = max_string_bytes) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::size_t left = most_bytes;
    while (!text.empty()) {
        const std::size_t length = character_bytes(text);
        const bool is_replaced = length == 0 || is_harmful(text.substr(0, length));
        const std::size_t taken = is_replaced ? replacement.size() : length;
        if (taken > left)
            return;
        left -= taken;
        if (length == 1)
            ascii(text.front());
        else
            out.append(is_replaced ? replacement : text.substr(0, length));
        text.remove_prefix(length == 0 ? 1 : length);
    }
}

/// True if `text` has only letters, digits and a few signs that no format escapes, and need not be cut: it
/// can be appended in one piece. Nearly all names qualify.
[[nodiscard]] bool is_plain(std::string_view text) noexcept;

/// True for the bytes 0 to 0x1f and 0x7f.
[[nodiscard]] constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

} // namespace lxcmon::text
