#include "app/settings/file.hpp"

#include "app/settings/bad_setting.hpp"
#include "io/kernel_file.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <sstream>
#include <system_error>

namespace lxcmon::app {
namespace {

/// CLI11 2.1 takes a list on several lines only where something stands behind its bracket on the first.
void join_open_lists(std::string& text) {
    for (std::size_t at = text.find('[', 1); at != std::string::npos; at = text.find('[', at + 1)) {
        const std::size_t before = text.find_last_not_of(" \t", at - 1);
        const std::size_t after = text.find_first_not_of(" \t\r", at + 1);
        if (before != std::string::npos && text[before] == '=' && after != std::string::npos &&
            text[after] == '\n')
            text[after] = ' ';
    }
}

/// Whether a # stands within quotes, or a quote is left open.
bool is_cut(std::string_view line) noexcept {
    char quote = '\0';
    for (const char c : line) {
        if (c == '#')
            return quote != '\0';
        if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else if (c == quote)
            quote = '\0';
    }
    return quote != '\0';
}

/// CLI11 2.1 cuts a line at every # and closes a quote by itself: refused rather than taken in part.
void check_quotes(const std::string& path, const std::string& text) {
    std::istringstream stream(text);
    std::string line;
    for (std::size_t number = 1; std::getline(stream, line); ++number)
        if (is_cut(line))
            throw BadSetting("lxcmon-push: --config: line " + std::to_string(number) + " of " + path +
                             " has a # within quotes or a quote left open; expected neither");
}

std::vector<CLI::ConfigItem> parse_toml(const std::string& path, std::string text) {
    check_quotes(path, text);
    join_open_lists(text);
    std::istringstream stream(text);
    try {
        return CLI::ConfigTOML().from_config(stream);
    } catch (const CLI::Error& error) {
        throw BadSetting("lxcmon-push: --config: '" + path + "' is no TOML: " + error.what());
    }
}

const Option* find_option(const Program& program, const std::string& key) {
    const auto found = std::ranges::find(program.options, std::string_view(key), &Option::name);
    return found != program.options.end() && key != "config" ? *found : nullptr;
}

/// A key as it is shown: of a line that is no setting only the first word, as the rest may be a secret.
std::string shown_key(const std::string& key) {
    const auto is_key_character = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    };
    return {key.begin(), std::ranges::find_if_not(key, is_key_character)};
}

void check_number_of(const std::string& where, const Option& row, const std::vector<std::string>& values) {
    if (values.size() != 1 && !row.repeatable)
        throw BadSetting(where + " has " + (values.empty() ? "no value" : "several values") +
                         "; expected one");
}

} // namespace

SettingsFile read_settings_file(const Program& program, const std::string& path, bool must_exist) {
    std::string text;
    if (const int error = io::try_read_whole(AT_FDCWD, path.c_str(), text); error != 0) {
        if (error == ENOENT && !must_exist)
            return {};
        throw BadSetting("lxcmon-push: --config: '" + path +
                         "' can't be read: " + std::generic_category().message(error) +
                         (error == EACCES ? "; run as root, or give another one" : "; expected a TOML file"));
    }
    SettingsFile settings;
    for (const CLI::ConfigItem& item : parse_toml(path, text)) {
        if (item.name == "++" || item.name == "--")
            continue; // CLI11's marks for where a section begins and ends
        std::string key;
        for (const std::string& parent : item.parents)
            key += parent + "-";
        key += item.name;
        const Option* row = find_option(program, key);
        if (row == nullptr)
            throw BadSetting("lxcmon-push: --config: unknown key '" + shown_key(key) + "' in " + path +
                             "; expected the long name of an option, see lxcmon-push --help");
        auto& values = settings[key];
        values.insert(values.end(), item.inputs.begin(), item.inputs.end());
        check_number_of("lxcmon-push: --config: key '" + key + "' in " + path, *row, values);
    }
    return settings;
}

} // namespace lxcmon::app
