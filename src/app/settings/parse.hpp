#pragma once

#include "app/settings/bad_setting.hpp"
#include "push/command_table.hpp"
#include "push/config.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lxcmon::app {

/// What the command line, the environment and the settings file come to.
struct Invocation {
    push::Command command = push::Command::run;
    push::Config config;
    push::Format format = push::Format::text; ///< of what list and fields print
    std::vector<std::string> replay_files;
    /// --help, --version: print this on stdout and end with 0.
    std::optional<std::string> print;
};

/// Looks up an environment variable; nothing where it is not set. Another one in tests.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] std::optional<std::string> process_environment(const std::string& name);

/// Puts the settings together: command line before environment before file before default.
/// `arguments` are those of main() without the program's name. Throws BadSetting.
[[nodiscard]] Invocation parse_options(const std::vector<std::string>& arguments,
                                       const Environment& environment);

} // namespace lxcmon::app
