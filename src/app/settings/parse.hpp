// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/bad_setting.hpp"
#include "app/settings/command.hpp"
#include "app/settings/option.hpp"
#include "text/bad_value.hpp"

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::app {

/// Describes a program to the parser.
struct Program {
    std::string_view name;
    std::string_view summary;           ///< first lines of --help
    std::string_view footer;            ///< last lines of --help
    std::vector<const Option*> options; ///< must contain "config", the path of the settings file
    std::vector<const Command*> commands;
};

/// Values of one option and their origin.
struct Given {
    std::size_t option = 0;          ///< index in Program::options
    std::vector<std::string> values; ///< paths are absolute
    std::string origin;       ///< for messages: " (environment variable NAME)"; empty: command line or file
    bool is_standard = false; ///< from the standard variable of the option
    std::vector<std::string> places{}; ///< of each value: "FILE:LINE:COLUMN"; empty: not from a file
    std::string file{};                ///< settings file; empty: another origin
    std::vector<std::string> typed{};  ///< the values as the user wrote them
    std::optional<uid_t> sudo_user{};  ///< has called the program and chosen this with sudo
};

/// The words that are chosen with options of the command, by their names.
using CommandValues = std::map<std::string, std::string, std::less<>>;

/// Command line, environment and settings file, merged; the values are still text.
struct Parsed {
    std::optional<std::size_t> command; ///< index in Program::commands; none: run the program
    Mode mode = Mode::text;
    CommandValues command_values;
    std::vector<std::string> operands;
    std::optional<std::string> print; ///< --help, --version: print this on stdout and exit with 0
    std::string config_file{};
    std::size_t conf_files = 0; ///< number of files of conf.d that were read
    std::vector<Given> given{}; ///< in the order of the options; all values of an option have one origin
};

/// Origin of a value that a credential file gives.
inline constexpr const char* credential_origin = " (credential)";

/// Environment variables by name.
using Environment = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] Environment process_environment();

/// Priority: command line, environment, settings files, credential. `arguments` are those of main() without
/// the program name. A relative path begins in the folder of its settings file, or else in the working
/// directory: a service and a person must not get different files from the same settings. "-" is no path.
/// Throws BadSetting, also for an unknown option, command, key or LXCMON_ variable: the
/// message names the nearest known one.
[[nodiscard]] Parsed parse(const Program& program, const std::vector<std::string>& arguments,
                           const Environment& environment);

/// Throws BadSetting for an invalid value.
[[noreturn]] void refuse(const Program& program, const Given& given, std::size_t index,
                         const text::BadValue& bad);

/// Stores the given values in `config`. `rows` are those of `program.options`, in the same order. Throws
/// BadSetting.
template <typename Config>
void apply(const Program& program, std::span<const OptionRow<Config>> rows, const std::vector<Given>& all,
           Config& config) {
    for (const Given& given : all) {
        const OptionRow<Config>& row = rows[given.option];
        const auto take = given.is_standard && row.take_standard != nullptr ? row.take_standard : row.take;
        for (std::size_t index = 0; index < given.values.size(); ++index) {
            try {
                take(config, given.values[index]);
            } catch (const text::BadValue& bad) {
                refuse(program, given, index, bad);
            }
        }
    }
}

/// The host name; "localhost" if none is set.
[[nodiscard]] std::string own_host_name();

} // namespace lxcmon::app
