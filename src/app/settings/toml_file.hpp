// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/parse.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::app {

/// A place in a settings file, from 1.
struct FilePlace {
    unsigned line = 0;
    unsigned column = 0;
};

/// The value of one option in a settings file, and its place for messages.
struct SettingValue {
    std::vector<std::string> values; ///< in the form of the command line; empty: an empty list
    std::string path;
    FilePlace key;                 ///< of its key
    std::vector<FilePlace> places; ///< of each value: of the key, or in a list or a table of the element
};

/// Values by the option's name.
using FileSettings = std::map<std::string, SettingValue, std::less<>>;

/// Reads a text of TOML 1.0. The name of a table and a dash are put in front of its keys: `url` in
/// `[influx]`, `influx.url` and `influx-url` are the same. Numbers and booleans become text. Throws
/// BadSetting "PROGRAM: FILE:LINE:COLUMN: problem, expected form" if the text is not TOML, a key is unknown,
/// duplicate or only for the command line, or the option can't have the value: only a repeatable option may
/// be a list, and only an option with the value KEY=VALUE a table. `path` is for messages.
[[nodiscard]] FileSettings parse_toml(std::string_view text, const std::string& path, const Program& program);

} // namespace lxcmon::app
