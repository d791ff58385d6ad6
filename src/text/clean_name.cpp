// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/clean_name.hpp"

#include "text/utf8.hpp"

namespace lxcmon::text {

char clean_byte(char c) noexcept {
    if (c == '\\')
        return '/';
    return is_control(c) ? '_' : c;
}

bool is_clean(std::string_view name) noexcept {
    if (is_plain(name))
        return true;
    if (name.size() > max_string_bytes)
        return false;
    while (!name.empty()) {
        const std::size_t length = character_bytes(name);
        if (length == 0 || is_harmful(name.substr(0, length)) ||
            (length == 1 && clean_byte(name.front()) != name.front()))
            return false;
        name.remove_prefix(length);
    }
    return true;
}

std::string clean_name(std::string_view name) {
    std::string clean;
    append_text(clean, name, [&](char c) { clean.push_back(clean_byte(c)); });
    return clean;
}

std::string_view clean_name(std::string_view name, std::string& buffer) {
    if (is_clean(name))
        return name;
    buffer.clear();
    append_text(buffer, name, [&](char c) { buffer.push_back(clean_byte(c)); });
    return buffer;
}

} // namespace lxcmon::text
