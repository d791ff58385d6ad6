// SPDX-License-Identifier: GPL-2.0-or-later
#include "docgen/blocks.hpp"

#include "push/command_table.hpp"
#include "push/option_table.hpp"

#include <algorithm>

namespace lxcmon::docgen {
namespace {

/// Single-quotes a text for bash and zsh.
std::string shell_quoted(std::string_view text) {
    std::string result = "'";
    for (const char c : text)
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

/// Single-quotes a text for fish, which has the escapes \' and \\.
std::string fish_quoted(std::string_view text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            result += '\\';
        result += c;
    }
    return result + "'";
}

/// Escapes a text for the brackets of an _arguments specification or a part of a _describe element.
std::string zsh_escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\')
            result += '\\';
        result += c;
    }
    return result;
}

/// A branch of a case for the options that match: `--a | --b)` and `body`.
template <typename Predicate>
std::string bash_branch(Predicate matches, const std::string& body) {
    std::string names;
    for (const app::Option& row : push::option_table())
        if (matches(row))
            names += (names.empty() ? "" : " | ") + ("--" + std::string(row.name));
    return "    " + names + ")\n" + body;
}

std::string zsh_value(const app::Option& row) {
    if (row.value.name.empty())
        return "";
    const std::string message = ":" + zsh_escaped(row.value.name) + ":";
    if (takes_path(row))
        return message + "_files";
    return message + (row.value.choices.empty() ? " " : "(" + choices_of(row.value) + ")");
}

/// The options of all commands; each name once.
std::vector<const app::CommandOption*> command_options() {
    std::vector<const app::CommandOption*> options;
    for (const app::Command& row : push::command_table())
        for (const app::CommandOption& option : row.options)
            if (std::ranges::find(options, option.name, &app::CommandOption::name) == options.end())
                options.push_back(&option);
    return options;
}

std::string bash_choices(std::string_view name, const app::OptionValue& value) {
    return "    --" + std::string(name) + ")\n        mapfile -t COMPREPLY < <(compgen -W '" +
           choices_of(value) + "' -- \"$cur\")\n        return ;;\n";
}

} // namespace

std::string choices_of(const app::OptionValue& value, std::string_view separator) {
    std::string words;
    for (const std::string_view choice : value.choices)
        words += (words.empty() ? "" : std::string(separator)) + std::string(choice);
    return words;
}

std::string command_names(std::string_view separator) {
    std::string names;
    for (const app::Command& row : push::command_table())
        names += (names.empty() ? "" : std::string(separator)) + std::string(row.name);
    return names;
}

std::string synopsis(const app::Command& row, std::string_view or_sign, std::string_view mark) {
    const auto marked = [&](const std::string& word) { return std::string(mark) + word + std::string(mark); };
    std::string flags;
    for (const app::CommandFlag& flag : row.flags)
        flags +=
            (flags.empty() ? "" : " " + std::string(or_sign) + " ") + marked("--" + std::string(flag.name));
    std::string options;
    for (const app::CommandOption& option : row.options)
        options +=
            " [" + marked("--" + std::string(option.name)) + " " + std::string(option.value.name) + "]";
    return marked(std::string(row.name)) + (flags.empty() ? "" : " [" + flags + "]") + options +
           (row.operand.empty() ? "" : " " + std::string(row.operand) + (row.takes_many ? "..." : ""));
}

std::string bash_values() {
    std::string text;
    for (const app::Option& row : push::option_table())
        if (!row.value.choices.empty())
            text += bash_choices(row.name, row.value);
    for (const app::CommandOption* option : command_options())
        text += bash_choices(option->name, option->value);
    text += bash_branch(&app::takes_path, "        compopt -o default\n        return ;;\n");
    const auto takes_any = [](const app::Option& row) {
        return !row.value.name.empty() && row.value.choices.empty() && !takes_path(row);
    };
    return text + bash_branch(takes_any, "        return ;;\n");
}

std::string bash_flags() {
    std::string text;
    for (const app::Command& row : push::command_table()) {
        std::string flags;
        for (const app::CommandFlag& flag : row.flags)
            flags += " --" + std::string(flag.name);
        for (const app::CommandOption& option : row.options)
            flags += " --" + std::string(option.name);
        if (!flags.empty())
            text += "    " + std::string(row.name) + ") words+='" + flags + "' ;;\n";
    }
    return text;
}

std::string bash_options() {
    std::string words = "--help --version";
    for (const app::Option& row : push::option_table())
        words += " --" + std::string(row.name);
    return words;
}

std::string zsh_options() {
    std::string text;
    for (const app::Option& row : push::option_table())
        text += "    " +
                shell_quoted((row.repeatable ? "*--" : "--") + std::string(row.name) +
                             (row.value.name.empty() ? "" : "=") + "[" + zsh_escaped(row.help) + "]" +
                             zsh_value(row)) +
                "\n";
    return text;
}

std::string zsh_flags() {
    std::string text;
    for (const app::Command& row : push::command_table()) {
        if (row.flags.empty() && row.options.empty())
            continue;
        text += "    " + std::string(row.name) + ")\n        options+=(\n";
        for (const app::CommandFlag& flag : row.flags)
            text += "            " +
                    shell_quoted("--" + std::string(flag.name) + "[" + zsh_escaped(flag.help) + "]") + "\n";
        for (const app::CommandOption& option : row.options)
            text += "            " +
                    shell_quoted("--" + std::string(option.name) + "=[" + zsh_escaped(option.help) + "]:" +
                                 zsh_escaped(option.value.name) + ":(" + choices_of(option.value) + ")") +
                    "\n";
        text += "        ) ;;\n";
    }
    return text;
}

std::string zsh_commands() {
    std::string text;
    for (const app::Command& row : push::command_table())
        text += "    " + shell_quoted(std::string(row.name) + ":" + zsh_escaped(row.help)) + "\n";
    return text;
}

std::string fish_options() {
    std::string text;
    for (const app::Option& row : push::option_table()) {
        text += "complete -c lxcmon-push -l " + std::string(row.name);
        if (takes_path(row))
            text += " -r -F";
        else if (!row.value.name.empty())
            text += " -x";
        if (!row.value.choices.empty())
            text += " -a '" + choices_of(row.value) + "'";
        text += " -d " + fish_quoted(row.help) + "\n";
    }
    return text;
}

std::string fish_commands() {
    std::string text;
    const std::string complete = "complete -c lxcmon-push -n ";
    for (const app::Command& row : push::command_table()) {
        const std::string name(row.name);
        text += complete + "'not __fish_seen_subcommand_from " + command_names(" ") + "' -a " + name +
                " -d " + fish_quoted(row.help) + "\n";
        for (const app::CommandFlag& flag : row.flags)
            text += complete + "'__fish_seen_subcommand_from " + name + "' -l " + std::string(flag.name) +
                    " -d " + fish_quoted(flag.help) + "\n";
        for (const app::CommandOption& option : row.options)
            text += complete + "'__fish_seen_subcommand_from " + name + "' -l " + std::string(option.name) +
                    " -x -a '" + choices_of(option.value) + "' -d " + fish_quoted(option.help) + "\n";
        if (!row.operand.empty())
            text += complete + "'__fish_seen_subcommand_from " + name + "' -F\n";
    }
    return text;
}

} // namespace lxcmon::docgen
