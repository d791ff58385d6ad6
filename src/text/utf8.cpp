// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/utf8.hpp"

#include <algorithm>
#include <array>

namespace lxcmon::text {
namespace {

constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (const char c :
         std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_between(std::string_view text, std::size_t at, unsigned low, unsigned high) noexcept {
    const auto byte = static_cast<unsigned char>(text[at]);
    return byte >= low && byte <= high;
}

bool continues(std::string_view text, std::size_t from, std::size_t to) noexcept {
    for (std::size_t at = from; at < to; ++at)
        if (!is_between(text, at, 0x80, 0xbf))
            return false;
    return true;
}

} // namespace

bool is_plain(std::string_view text) noexcept {
    return text.size() <= max_string_bytes &&
           std::ranges::all_of(text, [](char c) { return plain[static_cast<unsigned char>(c)]; });
}

bool is_harmful(std::string_view character) noexcept {
    constexpr auto marks = std::to_array<std::string_view>(
        {"\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",
         "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9"});
    const bool is_c1_control =
        character.size() == 2 && character[0] == '\xc2' && is_between(character, 1, 0x80, 0x9f);
    return is_c1_control || std::ranges::find(marks, character) != marks.end();
}

std::size_t character_bytes(std::string_view text) noexcept {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80)
        return 1;
    const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length == 0 || text.size() < length || !continues(text, 2, length))
        return 0;
    // The range of the second byte excludes overlong forms, surrogates and code points above U+10FFFF.
    const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return is_between(text, 1, low, high) ? length : 0;
}

} // namespace lxcmon::text
