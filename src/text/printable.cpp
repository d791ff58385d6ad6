// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/printable.hpp"

namespace lxcmon::text {

namespace {

constexpr std::size_t shortest_secret_bytes = 4;

unsigned byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<unsigned char>(text[at]);
}

/// Bytes of the printable character at the start of `text`; 0 if there is none.
std::size_t character_bytes(std::string_view text) noexcept {
    const unsigned first = byte_at(text, 0);
    if (first < 0x80)
        return first < 0x20 || first == 0x7f ? 0 : 1;
    const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length == 0 || text.size() < length)
        return 0;
    for (std::size_t at = 1; at < length; ++at)
        if ((byte_at(text, at) & 0xc0U) != 0x80)
            return 0;
    const unsigned second = byte_at(text, 1);
    const bool c1_control = first == 0xc2 && second < 0xa0;
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool not_a_character = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
    return c1_control || overlong || not_a_character ? 0 : length;
}

} // namespace

std::string printable(std::string_view text, std::size_t most_bytes) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = character_bytes(text);
        const std::size_t step = length == 0 ? 1 : length;
        if (out.size() + step > most_bytes) {
            out += "...";
            break;
        }
        if (length == 0)
            out += '_';
        else
            out += text.substr(0, length);
        text.remove_prefix(step);
    }
    return out;
}

std::string redacted(std::string text, std::span<const std::string> secrets) {
    constexpr std::string_view stars = "***";
    for (const std::string& secret : secrets) {
        if (secret.size() < shortest_secret_bytes)
            continue;
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + stars.size()))
            text.replace(at, secret.size(), stars);
    }
    return text;
}

} // namespace lxcmon::text
