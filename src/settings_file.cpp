#include "settings_file.hpp"

#include "config.hpp"
#include "io/kernel_file.hpp"
#include "option_table.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>

#include <algorithm>
#include <sstream>
#include <system_error>

namespace lxcmon {
namespace {

std::vector<CLI::ConfigItem> parse_toml(const std::string& path, const std::string& text) {
    std::istringstream stream(text);
    try {
        return CLI::ConfigTOML().from_config(stream);
    } catch (const CLI::Error& error) {
        throw BadSetting("lxcmon-push: --config: '" + path + "' is no TOML: " + error.what());
    }
}

const OptionRow* find_row(const std::string& key) {
    const auto table = option_table();
    const auto row = std::ranges::find(table, key, &OptionRow::name);
    return row != table.end() && row->name != "config" ? &*row : nullptr;
}

} // namespace

SettingsFile read_settings_file(const std::string& path, bool must_exist) {
    std::string text;
    if (const int error = io::try_read_whole(AT_FDCWD, path.c_str(), text); error != 0) {
        if (error == ENOENT && !must_exist)
            return {};
        throw BadSetting("lxcmon-push: --config: '" + path + "' can't be read: " +
                         std::generic_category().message(error) + "; expected a TOML file");
    }
    SettingsFile settings;
    for (const CLI::ConfigItem& item : parse_toml(path, text)) {
        if (item.name == "++" || item.name == "--")
            continue; // CLI11's marks for where a section begins and ends
        std::string key;
        for (const std::string& parent : item.parents)
            key += parent + "-";
        key += item.name;
        const OptionRow* row = find_row(key);
        if (row == nullptr)
            throw BadSetting("lxcmon-push: --config: unknown key '" + key + "' in " + path +
                             "; expected the long name of an option, see lxcmon-push --help");
        auto& values = settings[key];
        values.insert(values.end(), item.inputs.begin(), item.inputs.end());
        if (values.size() > 1 && !row->repeatable)
            throw BadSetting("lxcmon-push: --config: key '" + key + "' has several values in " + path +
                             "; expected one");
    }
    return settings;
}

} // namespace lxcmon
