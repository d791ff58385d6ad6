#pragma once

#include <string>
#include <string_view>

namespace lxcmon::text {

/// Longer strings are cut, on a character boundary (PROTOCOL.md).
inline constexpr std::size_t max_string_bytes = 64U << 10U;

/// Bytes of the well-formed UTF-8 character that `text` begins with; 0 where it begins with none
/// (Unicode 15, table 3-7). `text` is not empty.
[[nodiscard]] std::size_t character_bytes(std::string_view text) noexcept;

/// Walks over `text`: `ascii(char)` for each single-byte character, the others are appended to `out`
/// as they are. What is not UTF-8 becomes U+FFFD; the text ends after `most_bytes`.
template <typename Ascii>
void append_text(std::string& out, std::string_view text, Ascii&& ascii,
                 std::size_t most_bytes = max_string_bytes) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::size_t left = most_bytes;
    while (!text.empty()) {
        const std::size_t length = character_bytes(text);
        const std::size_t taken = length == 0 ? replacement.size() : length;
        if (taken > left)
            return;
        left -= taken;
        if (length == 1)
            ascii(text.front());
        else
            out.append(length == 0 ? replacement : text.substr(0, length));
        text.remove_prefix(length == 0 ? 1 : length);
    }
}

/// Whether `text` has nothing but letters, digits and a few signs that stand for themselves everywhere: then
/// it goes out in one piece. Nearly all names do.
[[nodiscard]] bool is_plain(std::string_view text) noexcept;

/// NUL to 0x1f and 0x7f.
[[nodiscard]] constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

} // namespace lxcmon::text
