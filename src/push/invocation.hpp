// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/command.hpp"
#include "app/settings/parse.hpp"
#include "push/config.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::push {

/// The parsed command line and settings.
struct Invocation {
    std::optional<std::size_t> command; ///< index in command_table(); none: run the agent
    Config config;
    app::Mode mode = app::Mode::text;   ///< chosen by the flag of a command
    app::CommandValues command_values;  ///< chosen by the options of a command
    std::vector<std::string> operands;  ///< the files of `replay`
    std::size_t conf_files = 0;         ///< number of files of conf.d that were read
    std::vector<std::string> ignored{}; ///< ignored_options()
    std::optional<std::chrono::nanoseconds> interval_of_command_line{}; ///< --interval is given there
    std::optional<std::string> print{}; ///< --help, --version: print this on stdout and exit with 0
};

/// Describes lxcmon-push to the option parser.
[[nodiscard]] const app::Program& program();

/// Reads and checks the settings. `arguments` are those of main() without the program's name. Throws
/// app::BadSetting.
[[nodiscard]] Invocation read_invocation(const std::vector<std::string>& arguments,
                                         const app::Environment& environment);

} // namespace lxcmon::push
