// SPDX-License-Identifier: GPL-2.0-or-later
#include "docgen/blocks.hpp"

#include "io/parse.hpp"
#include "push/option_table.hpp"

#include <algorithm>
#include <array>

namespace lxcmon::docgen {
namespace {

/// Comment lines of at most 78 columns.
std::string as_comment(std::string_view text) {
    constexpr std::size_t width = 78;
    std::string lines = "#";
    std::size_t column = 1;
    io::for_each_word(text, [&](std::string_view word) {
        if (column + 1 + word.size() > width) {
            lines += "\n#";
            column = 1;
        }
        lines += ' ';
        lines += word;
        column += 1 + word.size();
    });
    return lines + "\n";
}

bool is_number(const app::Option& row) noexcept {
    return row.value.name == "LINES" || row.value.name == "COUNT";
}

} // namespace

std::string settings_line(const app::Option& row) {
    const std::string key = std::string(row.name) + " = ";
    if (row.value.name.empty())
        return key + "false";
    const std::string_view example = row.default_value.example;
    const std::string value(example.empty() ? row.default_value.text : example);
    if (is_number(row))
        return key + value;
    return key + (row.repeatable ? "[\"" + value + "\"]" : "\"" + value + "\"");
}

std::string settings() {
    std::string text;
    std::string_view group;
    for (const app::Option& row : push::option_table()) {
        if (row.command_line_only)
            continue;
        if (row.group != group)
            text += (group.empty() ? "## " : "\n## ") + std::string(row.group) + "\n";
        group = row.group;
        std::string about = std::string(row.help) + ".";
        if (!row.default_value.example.empty())
            about +=
                (row.default_value.text.empty() ? ""
                                                : " Default: " + std::string(row.default_value.text) + ".") +
                std::string(" Example:");
        text += "\n" + as_comment(about) + "#" + settings_line(row) + "\n";
    }
    return text;
}

} // namespace lxcmon::docgen
