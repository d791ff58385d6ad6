#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lxcmon::push {

enum class Command { run, list, check, fields, replay };
enum class Format { text, json, markdown };

/// A flag of one command alone: what it prints, in another format. One at most can be given.
struct CommandFlag {
    std::string_view name; ///< without the dashes
    Format format;
    std::string_view help;
};

/// One subcommand: the same row makes its place on the command line and in --help, and all that src/docs
/// makes: README's table, man page, completions. Each takes the options of option_table() as well.
struct CommandRow {
    Command command;
    std::string_view name;
    std::string_view help;
    std::span<const CommandFlag> flags{};
    std::string_view operand{}; ///< a file, one or more; empty: none
    std::string_view operand_help{};
};

[[nodiscard]] std::span<const CommandRow> command_table() noexcept;

/// The options that print something and end, beside those of option_table().
inline constexpr std::string_view help_of_help = "Print this help and end";
inline constexpr std::string_view help_of_version = "Print the version and end";

} // namespace lxcmon::push
