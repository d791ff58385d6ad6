// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/toml_file.hpp"

#include <string>

namespace lxcmon::app {

/// The settings of all files, and the number of files of conf.d.
struct SettingsFiles {
    FileSettings settings;
    std::size_t conf_files = 0;
};

/// Reads `main_file`, then the files `*.toml` of the folder conf.d next to it, sorted by the bytes of their
/// names; names that begin with a dot are ignored, and a folder, a device or a dangling link is an error, as
/// is a file that another user owns or may write. A key of a later file replaces the same key of an earlier
/// one, a list as a whole. The main file may be missing unless it `must_exist`; conf.d may be missing. Throws
/// BadSetting.
[[nodiscard]] SettingsFiles read_settings_files(const std::string& main_file, bool must_exist,
                                                const Program& program);

} // namespace lxcmon::app
