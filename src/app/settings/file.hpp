#pragma once

#include "app/settings/parse.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::app {

/// Values by option name, as they stand in the file.
using SettingsFile = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Reads a TOML file by CLI11. Keys are the options' names; a section `[influx]` puts `influx-` before its
/// keys. A file that is not there is empty unless it `must_exist`. Throws BadSetting on an unreadable file,
/// an unknown key, several values or none for an option that takes one, and a text with `#`, which CLI11
/// would cut.
[[nodiscard]] SettingsFile read_settings_file(const Program& program, const std::string& path,
                                              bool must_exist);

} // namespace lxcmon::app
