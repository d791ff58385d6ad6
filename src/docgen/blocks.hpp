// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/command.hpp"
#include "app/settings/option.hpp"

#include <string>
#include <string_view>

/// The parts of the documents that are generated from the tables of options and commands. Each function
/// returns whole lines, unless its comment says otherwise.
namespace lxcmon::docgen {

[[nodiscard]] std::string markdown_commands(); ///< tables of docs/options.md
[[nodiscard]] std::string markdown_options();

[[nodiscard]] std::string man_commands(); ///< scdoc(5)
[[nodiscard]] std::string man_options();

/// TOML: each option with its help, commented out, with its default or, if the default is not a value, an
/// example.
[[nodiscard]] std::string settings();
/// The line of one option in settings(), without the #: `influx-db = "lxc"`; no line end.
[[nodiscard]] std::string settings_line(const app::Option& row);

[[nodiscard]] std::string bash_values();  ///< branches of a case: completion of the value of each option
[[nodiscard]] std::string bash_flags();   ///< branches of a case: the flags of each command
[[nodiscard]] std::string bash_options(); ///< words of one line, no line end
[[nodiscard]] std::string zsh_options();  ///< elements of an array for _arguments
[[nodiscard]] std::string zsh_flags();    ///< branches of a case
[[nodiscard]] std::string zsh_commands(); ///< elements of an array for _describe
[[nodiscard]] std::string fish_options(); ///< commands
[[nodiscard]] std::string fish_commands();

/// The choices of a value: "json line"; no line end.
[[nodiscard]] std::string choices_of(const app::OptionValue& value, std::string_view separator = " ");

/// All command names with a separator: "list|fields"; no line end.
[[nodiscard]] std::string command_names(std::string_view separator);

/// "list [--json]". `or_sign` separates flags that exclude each other; `mark` is put around each literal
/// word.
[[nodiscard]] std::string synopsis(const app::Command& row, std::string_view or_sign, std::string_view mark);

} // namespace lxcmon::docgen
