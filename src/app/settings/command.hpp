// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/option.hpp"

#include <span>
#include <string_view>

namespace lxcmon::app {

/// What a flag of a command selects: the format of its output, or a smaller test.
enum class Mode { text, json, markdown, offline };

/// A flag of one command. At most one can be given.
struct CommandFlag {
    std::string_view name; ///< without the dashes
    Mode mode;
    std::string_view help;
};

/// An option of one command, with one of a few words as its value.
struct CommandOption {
    std::string_view name; ///< without the dashes
    OptionValue value;     ///< with choices
    std::string_view default_value;
    std::string_view help;
};

/// A subcommand, as the command line parser, --help and docgen use it. Each command also takes the options of
/// the program.
struct Command {
    std::string_view name;
    std::string_view help;
    std::span<const CommandFlag> flags{};
    std::span<const CommandOption> options{};
    std::string_view operand{}; ///< name of its file arguments; empty: takes none
    std::string_view operand_help{};
    bool takes_many = true; ///< operands
};

/// Help of the two options that are not in the option table.
inline constexpr std::string_view help_of_help = "Print this help and exit";
inline constexpr std::string_view help_of_version = "Print the version and exit";

} // namespace lxcmon::app
