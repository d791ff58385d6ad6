// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace lxcmon::app {

/// How a command prints.
enum class Format { text, json, markdown };

/// A flag of one command: another format. At most one can be given.
struct CommandFlag {
    std::string_view name; ///< without the dashes
    Format format;
    std::string_view help;
};

/// A subcommand. The same row makes its place on the command line and in --help, and everything that docgen
/// makes. Each command takes the program's options as well.
struct Command {
    std::string_view name;
    std::string_view help;
    std::span<const CommandFlag> flags{};
    std::string_view operand{}; ///< files, one or more; empty: none
    std::string_view operand_help{};
};

/// The options that print something and end, beside those of the option table.
inline constexpr std::string_view help_of_help = "Print this help and end";
inline constexpr std::string_view help_of_version = "Print the version and end";

} // namespace lxcmon::app
