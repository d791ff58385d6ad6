// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/parse.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lxcmon::app {

/// The parsed command line; values are not checked.
struct CommandLineResult {
    std::optional<std::string> print;             ///< --help, --version: ignore the rest
    std::vector<std::vector<std::string>> values; ///< by option of the program; none: not given
    std::optional<std::size_t> command;
    Mode mode = Mode::text;
    CommandValues command_values;
    std::vector<std::string> operands;
};

/// Throws BadSetting if an option or command is unknown or used wrongly.
[[nodiscard]] CommandLineResult read_command_line(const Program& program,
                                                  const std::vector<std::string>& arguments);

} // namespace lxcmon::app
