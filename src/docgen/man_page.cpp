// SPDX-License-Identifier: GPL-2.0-or-later
#include "docgen/blocks.hpp"

#include "push/command_table.hpp"
#include "push/option_table.hpp"

namespace lxcmon::docgen {
namespace {

/// Escapes the characters that scdoc uses for bold and underlined text.
std::string plain(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\\' || c == '*' || c == '_')
            escaped += '\\';
        escaped += c;
    }
    return escaped;
}

std::string man_option(const app::Option& row) {
    std::string text = "*--" + std::string(row.name) + "*";
    if (!row.value.name.empty())
        text += " _" + plain(row.value.name) + "_";
    // In scdoc, ++ at the end of a line is a line break.
    text += "\n\t" + plain(row.help) + ".++\n";
    if (!row.default_value.text.empty())
        text += "Default: " + plain(row.default_value.text) + ".++\n";
    text += "Environment: " + plain(app::environment_name(row.name));
    if (!row.standard_variable.empty())
        text += ", " + plain(row.standard_variable);
    return text + ".\n\n";
}

} // namespace

std::string man_commands() {
    std::string text;
    for (const app::Command& row : push::command_table()) {
        text += "*lxcmon-push* " + synopsis(row, "|", "*") + "\n\t" + plain(row.help) + ".\n";
        for (const app::CommandFlag& flag : row.flags)
            text += "\n\t*--" + std::string(flag.name) + "*: " + plain(flag.help) + ".\n";
        for (const app::CommandOption& option : row.options)
            text += "\n\t*--" + std::string(option.name) + "* _" + plain(option.value.name) +
                    "_: " + plain(option.help) + "; " + choices_of(option.value, ", ") +
                    ". Default: " + plain(option.default_value) + ".\n";
        if (!row.operand.empty())
            text += "\n\t_" + std::string(row.operand) + "_: " + plain(row.operand_help) + ".\n";
        text += "\n";
    }
    return text;
}

std::string man_options() {
    std::string text;
    std::string_view group;
    for (const app::Option& row : push::option_table()) {
        if (row.group != group)
            text += "## " + std::string(row.group) + "\n\n";
        group = row.group;
        text += man_option(row);
    }
    return text;
}

} // namespace lxcmon::docgen
