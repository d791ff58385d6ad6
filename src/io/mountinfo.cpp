// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/mountinfo.hpp"

#include "io/parse.hpp"

#include <array>

namespace lxcmon::io {
namespace {

bool is_octal(char c) noexcept {
    return c >= '0' && c <= '7';
}

/// The kernel writes space, tab, newline, `\` and `#` as \ooo.
std::string unescape(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size() && is_octal(text[at + 1]) && is_octal(text[at + 2]) &&
            is_octal(text[at + 3])) {
            const int code = (text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 + (text[at + 3] - '0');
            plain.push_back(static_cast<char>(code));
            at += 3;
        } else {
            plain.push_back(text[at]);
        }
    }
    return plain;
}

} // namespace

void for_each_mount(std::string_view mountinfo, const std::function<void(const Mount&)>& each) {
    for_each_line(mountinfo, [&](std::string_view line) {
        // id parent major:minor root mount_point options [optional fields] - type source super_options
        std::array<std::string_view, 6> front;
        for (std::string_view& word : front)
            word = take_until(line, ' ');
        while (!line.empty() && take_until(line, ' ') != "-") {
        }
        const std::string_view type = take_until(line, ' ');
        const std::string_view source = take_until(line, ' ');
        if (type.empty() || front[4].empty())
            return;
        each({std::string(front[0]), std::string(front[2]), unescape(front[3]), unescape(front[4]),
              unescape(type), unescape(source), unescape(line)});
    });
}

} // namespace lxcmon::io
