// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/parse.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::app {

/// The value of one option in a settings file, and its place for messages.
struct SettingValue {
    std::vector<std::string> values; ///< as the command line would have them; empty: a list of nothing
    std::string path;
    unsigned line = 0;
    unsigned column = 0;
};

/// Values by the option's name.
using FileSettings = std::map<std::string, SettingValue, std::less<>>;

/// Reads a text of TOML 1.0. A table's name and a dash stand before the names of its keys: `url` in
/// `[influx]`, `influx.url` and `influx-url` are one. Numbers and booleans become text. Throws BadSetting
/// "PROGRAM: FILE:LINE:COLUMN: what, expected what" on a text that is no TOML, an unknown key, a key that is
/// there twice or for the command line alone, and a value that the option can't have: only a repeatable one
/// may be a list, and only one of KEY=VALUE a table. `path` is for messages.
[[nodiscard]] FileSettings parse_toml(std::string_view text, const std::string& path, const Program& program);

} // namespace lxcmon::app
