// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/json_text.hpp"

#include "encode/number.hpp"
#include "text/utf8.hpp"

namespace lxcmon::encode {

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    out.push_back('"');
    text::append_text(out, text, [&](char c) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (text::is_control(c)) {
            const auto code = static_cast<unsigned char>(c);
            out.append("\\u00");
            out.push_back(hex[code >> 4U]);
            out.push_back(hex[code & 0xfU]);
        } else {
            out.push_back(c);
        }
    });
    out.push_back('"');
}

void append_json_float(std::string& out, double number) {
    const std::size_t before = out.size();
    append_number(out, number);
    if (out.find_first_of(".e", before) == std::string::npos)
        out.append(".0");
}

} // namespace lxcmon::encode
