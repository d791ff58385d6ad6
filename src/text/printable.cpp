// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/printable.hpp"

#include "text/utf8.hpp"

#include <algorithm>

namespace lxcmon::text {

namespace {

constexpr std::size_t shortest_secret_bytes = 4;

/// The length of the printable character at the start of `text`; 0 if there is none.
std::size_t printable_bytes(std::string_view text) noexcept {
    const std::size_t length = character_bytes(text);
    return is_control(text.front()) || is_harmful(text.substr(0, length)) ? 0 : length;
}

} // namespace

std::string printable(std::string_view text, std::size_t most_bytes, char for_control) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = printable_bytes(text);
        const std::size_t step = length == 0 ? 1 : length;
        if (out.size() + step > most_bytes) {
            out += "...";
            break;
        }
        if (length == 0)
            out += is_control(text.front()) ? for_control : '_';
        else
            out += text.substr(0, length);
        text.remove_prefix(step);
    }
    return out;
}

std::string escaped(std::string_view text, std::size_t most_bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    while (!text.empty()) {
        const std::size_t length = printable_bytes(text);
        const auto byte = static_cast<unsigned char>(text.front());
        std::string shown(text.substr(0, length));
        if (length == 0)
            shown = {'\\', 'x', digits[byte / 16U], digits[byte % 16U]};
        else if (byte == '\\')
            shown = "\\\\";
        if (out.size() + shown.size() > most_bytes)
            return out + "...";
        out += shown;
        text.remove_prefix(std::max<std::size_t>(length, 1));
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

std::string hide_credentials(std::string_view text) {
    // The last @, even after a slash: a password may contain one.
    const auto at = text.rfind('@');
    if (at == std::string_view::npos)
        return std::string(text);
    const std::string_view before = text.substr(0, at);
    constexpr std::string_view scheme_end = "://";
    auto begin = before.find(scheme_end);
    begin = begin != std::string_view::npos ? begin + scheme_end.size() : before.find('\'') + 1;
    return std::string(text.substr(0, begin)) + "***" + std::string(text.substr(at));
}

} // namespace lxcmon::text
