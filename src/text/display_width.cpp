// SPDX-License-Identifier: GPL-2.0-or-later
#include "text/display_width.hpp"

#include "text/printable.hpp"
#include "text/utf8.hpp"

#include <langinfo.h>

#include <algorithm>
#include <clocale>
#include <cstring>
#include <cwchar>

namespace lxcmon::text {
namespace {

/// The length of the character at the start of `text`, at least 1.
std::size_t step_of(std::string_view text) noexcept {
    return std::max<std::size_t>(character_bytes(text), 1);
}

/// -1: unknown to the C library.
int width_of_character(std::string_view bytes) {
    wchar_t character = 0;
    std::mbstate_t state{};
    const std::size_t length = std::mbrtowc(&character, bytes.data(), bytes.size(), &state);
    return length == 0 || length > bytes.size() ? -1 : ::wcwidth(character);
}

/// Takes no column and shows nothing, so that "a" and "a" with it look alike: format characters (Unicode's
/// class Cf) and fillers; joiners, too, as a terminal joins no letters.
bool is_invisible(std::string_view bytes) {
    wchar_t character = 0;
    std::mbstate_t state{};
    std::mbrtowc(&character, bytes.data(), bytes.size(), &state);
    const auto is_in = [character](wchar_t first, wchar_t last) {
        return first <= character && character <= last;
    };
    return is_in(0x00ad, 0x00ad) || is_in(0x034f, 0x034f) || is_in(0x061c, 0x061c) || is_in(0x115f, 0x1160) ||
           is_in(0x17b4, 0x17b5) || is_in(0x180b, 0x180f) || is_in(0x200b, 0x200f) || is_in(0x2028, 0x202e) ||
           is_in(0x2060, 0x206f) || is_in(0x3164, 0x3164) || is_in(0xfe00, 0xfe0f) || is_in(0xfeff, 0xfeff) ||
           is_in(0xffa0, 0xffa0) || is_in(0xfff9, 0xfffb) || is_in(0x1d173, 0x1d17a) ||
           is_in(0xe0000, 0xe0fff);
}

std::size_t known_width(std::string_view bytes) {
    return static_cast<std::size_t>(std::max(width_of_character(bytes), 0));
}

} // namespace

void use_utf8_locale() {
    if (std::setlocale(LC_CTYPE, "") == nullptr || std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0)
        std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::string for_terminal(std::string_view text) {
    const std::string safe = printable(text);
    std::string out;
    for (std::size_t begin = 0; begin < safe.size();) {
        const std::string_view character(safe.data() + begin, step_of(std::string_view(safe).substr(begin)));
        const bool is_shown = width_of_character(character) >= 0 && !is_invisible(character);
        out += is_shown ? character : std::string_view("?");
        begin += character.size();
    }
    // A combining mark alone takes no column.
    return !out.empty() && display_width(out) == 0 ? "?" : out;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const std::size_t step = step_of(text);
        width += known_width(text.substr(0, step));
        text.remove_prefix(step);
    }
    return width;
}

std::string cut_to_width(std::string_view text, std::size_t most_columns) {
    if (display_width(text) <= most_columns)
        return std::string(text);
    if (most_columns == 0)
        return "";
    std::size_t bytes = 0, width = 0;
    for (;;) {
        const std::size_t step = step_of(text.substr(bytes));
        width += known_width(text.substr(bytes, step));
        if (width > most_columns - 1)
            break;
        bytes += step;
    }
    return std::string(text.substr(0, bytes)) + "~";
}

} // namespace lxcmon::text
