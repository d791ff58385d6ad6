// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/settings/parse.hpp"

#include "app/settings/command_line.hpp"
#include "app/settings/files.hpp"
#include "app/settings/nearest_name.hpp"
#include "io/parse.hpp"
#include "text/printable.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace lxcmon::app {
namespace {

constexpr std::string_view own_prefix = "LXCMON_";
constexpr std::size_t longest_shown_name_bytes = 80;

std::optional<std::string> look_up(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found != environment.end() ? std::optional(found->second) : std::nullopt;
}

/// Refuses unknown LXCMON_ variables: a misspelt setting must not be ignored. Its value may be a secret.
void check_names(const Program& program, const Environment& environment) {
    std::vector<std::string> names;
    for (const Option* option : program.options)
        names.push_back(environment_name(option->name).substr(own_prefix.size()));
    for (auto each = environment.lower_bound(own_prefix);
         each != environment.end() && each->first.starts_with(own_prefix); ++each) {
        const std::string name = each->first.substr(own_prefix.size());
        if (std::ranges::find(names, name) != names.end())
            continue;
        const std::vector<std::string_view> views(names.begin(), names.end());
        throw BadSetting(
            std::string(program.name) + ": " + text::printable(each->first, longest_shown_name_bytes) +
            ": unknown environment variable" + did_you_mean(name, views, own_prefix) +
            "; expected LXCMON_ and the name of an option, see " + std::string(program.name) + " --help");
    }
}

std::vector<std::string> split(const Option& row, const std::string& text) {
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

std::optional<Given> from_environment(const Option& option, const Environment& environment) {
    const std::string own = environment_name(option.name);
    if (const auto value = look_up(environment, own))
        return Given{0, split(option, *value), " (environment variable " + own + ")", false};
    const std::string standard(option.standard_variable);
    if (standard.empty())
        return std::nullopt;
    // An empty standard variable is not a setting: some scripts set it to "" to unset it.
    if (const auto value = look_up(environment, standard); value && !value->empty())
        return Given{0, split(option, *value), " (environment variable " + standard + ")", true};
    return std::nullopt;
}

/// LoadCredential=influx:FOLDER of the unit provides these files (systemd.exec(5)). Without systemd they are
/// read from that FOLDER: "credentials" next to the settings file.
std::optional<Given> from_credential(const Option& option, const Environment& environment,
                                     const std::string& config_file) {
    const auto folder = look_up(environment, "CREDENTIALS_DIRECTORY");
    const bool is_service = folder && !folder->empty();
    // A relative path depends on the working directory: do not read secrets from it.
    if (option.credential.empty() || (!is_service && !config_file.starts_with('/')))
        return std::nullopt;
    const std::string own_folder = config_file.substr(0, config_file.rfind('/') + 1);
    const std::string begin = is_service ? *folder + "/influx_" : own_folder + "credentials/";
    const std::string path = begin + std::string(option.credential);
    if (::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return std::nullopt;
    return Given{0, {path}, credential_origin, false};
}

/// The command line overrides the environment.
std::optional<Given> from_caller(const Program& program, std::size_t index, const CommandLineResult& line,
                                 const Environment& environment) {
    std::optional<Given> given;
    if (!line.values[index].empty())
        given = Given{0, line.values[index], "", false};
    else
        given = from_environment(*program.options[index], environment);
    if (given)
        given->option = index;
    return given;
}

Given from_file(const SettingValue& setting) {
    Given given{0, setting.values, "", false};
    given.file = setting.path;
    for (const FilePlace& place : setting.places)
        given.places.push_back(setting.path + ":" + std::to_string(place.line) + ":" +
                               std::to_string(place.column));
    return given;
}

/// Empty if the folder was removed.
std::string working_directory() {
    const std::unique_ptr<char, decltype(&std::free)> path(::getcwd(nullptr, 0), &std::free);
    return path == nullptr ? std::string() : path.get();
}

bool is_relative(std::string_view path) noexcept {
    return !path.empty() && path != "-" && !path.starts_with('/');
}

/// `base` is a folder; an empty path stays empty.
std::string absolute(const std::string& base, std::string_view path) {
    if (!is_relative(path))
        return std::string(path);
    while (path.starts_with("./"))
        path.remove_prefix(std::min(path.find_first_not_of('/', 1), path.size()));
    return base + (base.ends_with('/') ? "" : "/") + std::string(path);
}

void make_paths_absolute(const Program& program, const Option& option, Given& given) {
    given.typed = given.values;
    const bool has_other_meaning = given.is_standard && option.secret == Secret::file;
    if (!takes_path(option) || has_other_meaning)
        return;
    std::string base = working_directory();
    const bool is_lost = base.empty() && !given.file.starts_with('/');
    if (const auto slash = given.file.rfind('/'); slash != std::string::npos && !is_lost)
        base = absolute(base, given.file.substr(0, slash + 1));
    for (std::size_t index = 0; index < given.values.size(); ++index) {
        if (is_lost && is_relative(given.values[index]))
            refuse(program, given, index,
                   {"is a relative path, and the working directory no longer exists; expected an absolute "
                    "path"});
        given.values[index] = absolute(base, given.values[index]);
    }
}

/// True for a name such as "token": it may be the secret itself, given in place of its file.
bool may_be_secret(const Option& option, const Given& given, std::string_view typed) noexcept {
    const bool is_path = typed.starts_with('/') || typed.starts_with("./") || typed.starts_with("../");
    return !option.credential.empty() && !given.is_standard && !is_path;
}

/// With `sudo lxcmon-push --config FILE` the caller's own file is as good as root's: the caller could give
/// each option on the command line. The default file is for the service, too, and must be root's.
SudoUser find_sudo_user(const Environment& environment) {
    const auto user = look_up(environment, "SUDO_UID");
    return user && ::geteuid() == 0 ? io::parse_number<uid_t>(*user) : std::nullopt;
}

std::size_t config_option(const Program& program) {
    const auto found = std::ranges::find(program.options, std::string_view("config"), &Option::name);
    return static_cast<std::size_t>(found - program.options.begin());
}

} // namespace

Environment process_environment() {
    Environment variables;
    for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
        const std::string_view variable = *each;
        const std::size_t equals = variable.find('=');
        if (equals != std::string_view::npos)
            variables.emplace(variable.substr(0, equals),
                              variable.substr(equals + 1)); // getenv() also uses the first duplicate
    }
    return variables;
}

void refuse(const Program& program, const Given& given, std::size_t index, const text::BadValue& bad) {
    const Option& option = *program.options[given.option];
    std::string shown = bad.shown.empty() ? given.values[index] : bad.shown;
    std::string message = bad.message;
    if (may_be_secret(option, given, given.typed.empty() ? given.values[index] : given.typed[index])) {
        shown = "***";
        message += " (the name is hidden, as it may be the secret: write an absolute path, or ./ before it)";
    }
    throw BadSetting(std::string(program.name) + ": " +
                     (given.places.empty() ? "" : given.places[index] + ": ") + "--" +
                     std::string(option.name) + given.origin + ": '" + shown + "' " + message);
}

Parsed parse(const Program& program, const std::vector<std::string>& arguments,
             const Environment& environment) {
    CommandLineResult line = read_command_line(program, arguments);
    Parsed parsed{line.command, line.mode, std::move(line.command_values), std::move(line.operands),
                  std::move(line.print)};
    if (parsed.print)
        return parsed;
    check_names(program, environment);
    const std::size_t config = config_option(program);
    const auto named = from_caller(program, config, line, environment);
    parsed.config_file = named ? named->values.front() : program.options[config]->default_value.text;
    if (parsed.config_file.empty())
        refuse(program, *named, 0, {"is empty; expected a name"});
    // Only the default file may be missing.
    const SudoUser sudo_user = find_sudo_user(environment);
    const SettingsFiles read =
        read_settings_files(parsed.config_file, named.has_value(), program, named ? sudo_user : std::nullopt);
    const FileSettings& files = read.settings;
    parsed.conf_files = read.conf_files;
    for (std::size_t index = 0; index < program.options.size(); ++index) {
        const Option& option = *program.options[index];
        if (index == config)
            continue;
        auto given = from_caller(program, index, line, environment);
        if (const auto in_file = files.find(option.name); !given && in_file != files.end())
            given = from_file(in_file->second);
        if (!given)
            given = from_credential(option, environment, parsed.config_file);
        if (given) {
            given->option = index;
            // What the default files name is for the service, too.
            if (named || given->file.empty())
                given->sudo_user = sudo_user;
            make_paths_absolute(program, option, *given);
            parsed.given.push_back(std::move(*given));
        }
    }
    return parsed;
}

std::string own_host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0')
        return "localhost";
    return name.data();
}

} // namespace lxcmon::app
