#include "app/settings/parse.hpp"

#include "app/collector.hpp"
#include "app/settings/file.hpp"
#include "io/parse.hpp"
#include "push/influx_options.hpp"
#include "push/option_table.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>

namespace lxcmon::app {
namespace {

constexpr const char* footer = R"(Every option can also stand in the environment (--influx-url as
LXCMON_INFLUX_URL; lists separated by commas) and in the settings file
(influx-url = "http://..."). The command line goes first, then the
environment, then the file.

  lxcmon-push --influx-url http://influx.example:8086   sends to InfluxDB
  lxcmon-push list                  shows the containers of this host
  lxcmon-push check                 tries settings, liblxc and server
  lxcmon-push fields                shows what is measured
  lxcmon-push --once --dry-run      prints one sample

Exit codes: 0 fine, 1 failed, 2 wrong usage or settings.)";

/// Lines for the right-hand column of --help, which CLI11 does not wrap, on a terminal of 80 columns. The
/// last part (the default) stays in one piece.
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

/// The command line as CLI11 sees it, made of the table.
struct CommandLine {
    CLI::App app{"Samples the LXC containers of this host, and sends the figures to InfluxDB\nor writes them "
                 "to a JSON file.",
                 "lxcmon-push"};
    std::map<std::string_view, CLI::Option*> options;
    std::map<const push::CommandRow*, CLI::App*> commands;
    std::map<const push::CommandFlag*, CLI::Option*> flags;
    std::vector<std::string> replay_files;

    CommandLine();
    void add(const push::OptionRow& row);
    void add(const push::CommandRow& row);
};

void CommandLine::add(const push::OptionRow& row) {
    const std::string flag = "--" + std::string(row.name);
    CLI::Option* option = row.value.name.empty() ? app.add_flag(flag) : app.add_option(flag);
    const std::string shown_default =
        row.default_value.text.empty() ? "" : "(default: " + std::string(row.default_value.text) + ")";
    option->description(wrapped(row.help, shown_default))->group(std::string(row.group));
    if (!row.value.name.empty())
        option->type_name(std::string(row.value.name))->expected(1);
    option->multi_option_policy(row.repeatable ? CLI::MultiOptionPolicy::TakeAll
                                               : CLI::MultiOptionPolicy::TakeLast);
    options[row.name] = option;
}

void CommandLine::add(const push::CommandRow& row) {
    CLI::App* const command = app.add_subcommand(std::string(row.name), wrapped(row.help, ""));
    commands[&row] = command;
    std::vector<CLI::Option*> others;
    for (const push::CommandFlag& flag : row.flags) {
        CLI::Option* const option = command->add_flag("--" + std::string(flag.name));
        option->description(std::string(flag.help));
        for (CLI::Option* other : others)
            option->excludes(other);
        others.push_back(option);
        flags[&flag] = option;
    }
    if (!row.operand.empty())
        command->add_option(std::string(row.operand), replay_files, std::string(row.operand_help))
            ->required();
    command->fallthrough();
}

CommandLine::CommandLine() {
    app.set_version_flag("--version", "lxcmon-push " LXCMON_VERSION, std::string(push::help_of_version));
    app.set_help_flag("-h,--help", std::string(push::help_of_help));
    app.footer(footer);
    for (const push::OptionRow& row : push::option_table())
        add(row);
    for (const push::CommandRow& row : push::command_table())
        add(row);
    app.require_subcommand(0, 1);
}

[[noreturn]] void fail(const std::string& subject, const std::string& words) {
    throw BadSetting("lxcmon-push: " + subject + ": " + words);
}

std::optional<std::string> parse_arguments(CommandLine& line, const std::vector<std::string>& arguments) {
    try {
        line.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        return line.app.help();
    } catch (const CLI::CallForVersion&) {
        return line.app.version() + "\n";
    } catch (const CLI::ExtrasError&) {
        const std::vector<std::string> extras = line.app.remaining(true);
        // Without its value: that may be a secret.
        fail(extras.empty() ? "argument" : extras.front().substr(0, extras.front().find('=')),
             "unknown option or command; see lxcmon-push --help");
    } catch (const CLI::ParseError& error) {
        const std::string words = error.what();
        throw BadSetting("lxcmon-push: " + words.substr(0, words.find('\n')) + "; see lxcmon-push --help");
    }
    return std::nullopt;
}

/// Values of one option, and for messages where they stand.
struct Given {
    std::vector<std::string> values;
    std::string origin; ///< "" for the command line
    void (*take)(push::Config& config, const std::string& value) = nullptr;
};

std::vector<std::string> split(const push::OptionRow& row, const std::string& text) {
    if (!row.repeatable)
        return {text};
    std::vector<std::string> parts;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        if (comma != 0)
            parts.emplace_back(rest.substr(0, comma));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    return parts;
}

std::optional<Given> from_environment(const push::OptionRow& row, const Environment& environment) {
    const std::string own = push::environment_name(row.name);
    if (const auto value = environment(own))
        return Given{split(row, *value), " (environment variable " + own + ")", row.take};
    const std::string standard(row.standard_variable);
    if (standard.empty())
        return std::nullopt;
    // An empty standard variable is what scripts leave behind who unset it: not a setting.
    if (const auto value = environment(standard); value && !value->empty())
        return Given{split(row, *value), " (environment variable " + standard + ")",
                     row.take_standard != nullptr ? row.take_standard : row.take};
    return std::nullopt;
}

/// What LoadCredential=influx:FOLDER of the unit has brought (systemd.exec(5)). A command by hand takes the
/// same files from where the unit has them: the folder credentials beside the settings file.
std::optional<Given> from_credential(const push::OptionRow& row, const Environment& environment,
                                     const std::string& config_file) {
    const auto handed = environment("CREDENTIALS_DIRECTORY");
    const bool is_service = handed && !handed->empty();
    // A relative path is of whatever folder the command is started in: no place to take secrets from.
    if (row.credential.empty() || (!is_service && !config_file.starts_with('/')))
        return std::nullopt;
    const std::string own_folder = config_file.substr(0, config_file.rfind('/') + 1);
    const std::string begin = is_service ? *handed + "/influx_" : own_folder + "credentials/";
    const std::string path = begin + std::string(row.credential);
    if (::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return std::nullopt;
    return Given{{path}, " (credential)", row.take};
}

std::optional<Given> from_command_line(const push::OptionRow& row, const CommandLine& line) {
    const CLI::Option* option = line.options.at(row.name);
    if (option->count() == 0)
        return std::nullopt;
    std::vector<std::string> values = option->results(); // of a flag: "true", or what --once=false says
    if (!row.repeatable)
        values.erase(values.begin(), values.end() - 1);
    return Given{std::move(values), "", row.take};
}

void apply(const push::OptionRow& row, const Given& given, push::Config& config) {
    for (const std::string& value : given.values) {
        try {
            given.take(config, value);
        } catch (const BadValue& bad) {
            fail("--" + std::string(row.name) + given.origin,
                 "'" + (bad.shown.empty() ? value : bad.shown) + "' " + bad.message);
        }
    }
}

/// What an agent would do for ever without a word.
void check_selection(const push::Config& config) {
    const Selection sent = selection_of(config);
    const auto is_sent = [&](const MeasurementInfo& each) { return sent.has_any(find_fields(each.name)); };
    if (std::ranges::none_of(measurement_table, is_sent))
        fail("--metrics", std::string("nothing is left to send") +
                              (config.sample_host ? "" : ", without the host (--no-host)") +
                              "; expected at least one field, lxcmon-push fields shows which are sent");
}

std::string own_host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0')
        return "localhost";
    return name.data();
}

/// --config itself: command line, environment, default. Returns whether it was given, so that it must be
/// there.
bool find_settings_file(const CommandLine& line, const Environment& environment, push::Config& config) {
    for (const push::OptionRow& row : push::option_table()) {
        if (row.name != "config")
            continue;
        auto given = from_command_line(row, line);
        if (!given)
            given = from_environment(row, environment);
        if (given) {
            apply(row, *given, config);
            return true;
        }
        config.config_file = row.default_value.text;
    }
    return false;
}

} // namespace

std::optional<std::string> process_environment(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

Invocation parse_options(const std::vector<std::string>& arguments, const Environment& environment) {
    Invocation result;
    CommandLine line;
    result.print = parse_arguments(line, arguments);
    if (result.print)
        return result;
    push::Config& config = result.config;
    const bool must_exist = find_settings_file(line, environment, config);
    const SettingsFile settings = read_settings_file(config.config_file, must_exist);
    for (const push::OptionRow& row : push::option_table()) {
        auto given = from_command_line(row, line);
        if (!given)
            given = from_environment(row, environment);
        if (const auto in_file = settings.find(row.name); !given && in_file != settings.end())
            given = Given{in_file->second, " (in " + config.config_file + ")", row.take};
        if (!given)
            given = from_credential(row, environment, config.config_file);
        if (given && row.name != "config")
            apply(row, *given, config);
    }
    if (config.host.empty())
        config.host = own_host_name();
    push::check_influx_options(config);
    check_selection(config);
    for (const auto& [row, command] : line.commands)
        if (*command)
            result.command = row->command;
    for (const auto& [flag, option] : line.flags)
        if (*option)
            result.format = flag->format;
    result.replay_files = line.replay_files;
    return result;
}

} // namespace lxcmon::app
