// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/command_line.hpp"

#include "app/settings/nearest_name.hpp"
#include "app/settings/values.hpp"
#include "io/parse.hpp"
#include "text/printable.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>

namespace lxcmon::app {
namespace {

constexpr std::size_t longest_shown_bytes = 80;

/// Wraps the right-hand column of --help for a terminal of 80 columns, because CLI11 does not. The last part
/// (the default) is not broken.
std::string wrapped(std::string_view text, std::string_view last_part) {
    constexpr std::size_t width = 49;
    std::string lines;
    std::size_t column = 0;
    const auto add = [&](std::string_view word) {
        if (column > 0 && column + 1 + word.size() > width) {
            lines += '\n';
            column = 0;
        }
        if (column > 0)
            lines += ' ';
        lines += word;
        column += word.size() + (column > 0 ? 1 : 0);
    };
    io::for_each_word(text, add);
    if (!last_part.empty())
        add(last_part);
    return lines;
}

/// The CLI11 objects for the options and commands of a program.
struct CommandLine {
    CLI::App app;
    std::vector<CLI::Option*> options; ///< in the order of Program::options
    std::vector<CLI::App*> commands;   ///< in the order of Program::commands
    std::map<const CommandFlag*, CLI::Option*> flags;
    std::map<const CommandOption*, CLI::Option*> command_options;
    std::vector<std::string> operands;

    explicit CommandLine(const Program& program);
    void add(const Option& row);
    void add(const Command& row);
};

void CommandLine::add(const Option& row) {
    const std::string flag = "--" + std::string(row.name);
    CLI::Option* option = row.value.name.empty() ? app.add_flag(flag) : app.add_option(flag);
    const std::string shown_default =
        row.default_value.text.empty() ? "" : "(default: " + std::string(row.default_value.text) + ")";
    option->description(wrapped(row.help, shown_default))->group(std::string(row.group));
    if (!row.value.name.empty())
        option->type_name(std::string(row.value.name))->expected(1);
    option->multi_option_policy(row.repeatable ? CLI::MultiOptionPolicy::TakeAll
                                               : CLI::MultiOptionPolicy::TakeLast);
    options.push_back(option);
}

void CommandLine::add(const Command& row) {
    CLI::App* const command = app.add_subcommand(std::string(row.name), wrapped(row.help, ""));
    commands.push_back(command);
    command->group("Commands");
    std::vector<CLI::Option*> others;
    for (const CommandFlag& flag : row.flags) {
        CLI::Option* const option = command->add_flag("--" + std::string(flag.name));
        option->description(std::string(flag.help));
        for (CLI::Option* other : others)
            option->excludes(other);
        others.push_back(option);
        flags[&flag] = option;
    }
    for (const CommandOption& each : row.options)
        command_options[&each] =
            command->add_option("--" + std::string(each.name))
                ->description(wrapped(each.help, "(default: " + std::string(each.default_value) + ")"))
                ->type_name(std::string(each.value.name))
                ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    if (!row.operand.empty())
        command->add_option(std::string(row.operand), operands, std::string(row.operand_help))
            ->required()
            ->type_name("");
    command->fallthrough();
}

CommandLine::CommandLine(const Program& program)
    : app(std::string(program.summary), std::string(program.name)) {
    app.set_version_flag("--version", std::string(program.name) + " " LXCMON_VERSION,
                         std::string(help_of_version));
    app.set_help_flag("-h,--help", std::string(help_of_help));
    app.footer(std::string(program.footer));
    app.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app.get_formatter()->label("REQUIRED", "");
    for (const Option* option : program.options)
        add(*option);
    for (const Command* command : program.commands)
        add(*command);
    app.require_subcommand(0, 1);
}

/// The valid names at this place: options without the dashes, or commands.
std::vector<std::string_view> known_names(const CommandLine& line, const Program& program, bool is_option) {
    std::vector<std::string_view> commands;
    std::vector<std::string_view> options{"help", "version"};
    bool has_command = false;
    for (const Option* option : program.options)
        options.push_back(option->name);
    for (std::size_t index = 0; index < program.commands.size(); ++index) {
        const Command& command = *program.commands[index];
        commands.push_back(command.name);
        if (!line.commands[index]->parsed())
            continue;
        has_command = true;
        for (const CommandFlag& flag : command.flags)
            options.push_back(flag.name);
        for (const CommandOption& option : command.options)
            options.push_back(option.name);
    }
    if (is_option)
        return options;
    return has_command ? std::vector<std::string_view>{} : commands;
}

/// An option is shown without its value, which may be a secret: "--bogus" of "--bogus=5".
[[noreturn]] void fail_unknown(const CommandLine& line, const Program& program) {
    const std::vector<std::string> extras = line.app.remaining(true);
    std::string typed = extras.empty() ? "argument" : extras.front();
    const bool is_option = typed.starts_with('-');
    if (is_option)
        typed.resize(std::min(typed.find('='), typed.size()));
    std::string_view name = typed;
    name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
    const std::string hint = did_you_mean(name, known_names(line, program, is_option), is_option ? "--" : "");
    throw BadSetting(std::string(program.name) + ": " +
                     text::printable(text::hide_credentials(typed), longest_shown_bytes) +
                     ": unknown option or command" + hint + "; see " + std::string(program.name) + " --help");
}

std::string chosen_word(const Program& program, const CommandOption& option, const std::string& word) {
    try {
        return one_of(word, option.value.choices);
    } catch (const text::BadValue& bad) {
        throw BadSetting(std::string(program.name) + ": --" + std::string(option.name) + ": '" +
                         text::printable(word, longest_shown_bytes) + "' " + bad.message);
    }
}

enum class Takes { nothing, value, unknown };

/// What an option takes, of the program or of a command.
Takes what_takes(const Program& program, std::string_view name) {
    const auto has = [name](const auto& rows) {
        return std::ranges::any_of(rows, [name](const auto& row) { return row.name == name; });
    };
    for (const Option* option : program.options)
        if (option->name == name)
            return option->value.name.empty() ? Takes::nothing : Takes::value;
    for (const Command* command : program.commands)
        if (has(command->flags) || has(command->options))
            return has(command->flags) ? Takes::nothing : Takes::value;
    return Takes::unknown;
}

/// CLI11 takes the next argument as the value of "--host=", and loses an option so. An empty value becomes an
/// argument of its own.
std::vector<std::string> with_empty_values(const Program& program,
                                           const std::vector<std::string>& arguments) {
    std::vector<std::string> result;
    for (const std::string& each : arguments) {
        const bool is_empty = each.starts_with("--") && each.find('=') + 1 == each.size();
        const std::string option = each.substr(0, each.size() - 1);
        const Takes takes = is_empty ? what_takes(program, option.substr(2)) : Takes::unknown;
        if (takes == Takes::nothing)
            throw BadSetting(std::string(program.name) + ": " + option +
                             ": the value after = is empty; expected the option alone");
        result.push_back(takes == Takes::value ? option : each);
        if (takes == Takes::value)
            result.emplace_back();
    }
    return result;
}

/// Returns the text of --help or --version if it was requested.
std::optional<std::string> parse_arguments(CommandLine& line, const Program& program,
                                           const std::vector<std::string>& arguments) {
    const std::string name(program.name);
    const std::string see_help = "; see " + name + " --help";
    const std::vector<std::string> all = with_empty_values(program, arguments);
    try {
        line.app.parse(std::vector<std::string>(all.rbegin(), all.rend()));
    } catch (const CLI::CallForHelp&) {
        return line.app.help();
    } catch (const CLI::CallForVersion&) {
        return line.app.version() + "\n";
    } catch (const CLI::ExtrasError&) {
        fail_unknown(line, program);
    } catch (const CLI::ParseError& error) {
        const std::string message = error.what();
        throw BadSetting(name + ": " + message.substr(0, message.find('\n')) + see_help);
    }
    return std::nullopt;
}

} // namespace

CommandLineResult read_command_line(const Program& program, const std::vector<std::string>& arguments) {
    CommandLine line(program);
    CommandLineResult result;
    result.print = parse_arguments(line, program, arguments);
    if (result.print)
        return result;
    for (std::size_t index = 0; index < line.options.size(); ++index) {
        const CLI::Option* const option = line.options[index];
        std::vector<std::string>& values = result.values.emplace_back();
        if (option->count() == 0)
            continue;
        values = option->results(); // for a flag "true", or the value after "="
        if (!program.options[index]->repeatable)
            values.erase(values.begin(), values.end() - 1);
    }
    for (std::size_t index = 0; index < line.commands.size(); ++index)
        if (*line.commands[index])
            result.command = index;
    for (const auto& [flag, option] : line.flags)
        if (*option)
            result.mode = flag->mode;
    for (const auto& [row, option] : line.command_options)
        if (*option)
            result.command_values[std::string(row->name)] =
                chosen_word(program, *row, option->results().back());
    result.operands = line.operands;
    return result;
}

} // namespace lxcmon::app
