// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/command.hpp"
#include "app/settings/parse.hpp"
#include "push/config.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::push {

/// What lxcmon-push was started for.
struct Invocation {
    std::optional<std::size_t> command; ///< index in command_table(); none: run the agent
    Config config;
    app::Format format = app::Format::text; ///< of a command's output
    std::vector<std::string> operands;      ///< the files of `replay`
    std::optional<std::string> print;       ///< --help, --version: print this on stdout and end with 0
};

/// What the parser of options has to know about lxcmon-push.
[[nodiscard]] const app::Program& program();

/// Reads and checks the settings. `arguments` are those of main() without the program's name. Throws
/// app::BadSetting.
[[nodiscard]] Invocation read_invocation(const std::vector<std::string>& arguments,
                                         const app::Environment& environment);

} // namespace lxcmon::push
