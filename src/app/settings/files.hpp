// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/toml_file.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace lxcmon::app {

/// The settings of all files, and the number of files of conf.d.
struct SettingsFiles {
    FileSettings settings;
    std::size_t conf_files = 0;
};

/// The user who has called the program with sudo.
using SudoUser = std::optional<uid_t>;

/// Reads `main_file`, then the files `*.toml` of the folder conf.d next to it, sorted by the bytes of their
/// names; names that begin with a dot are ignored, and a folder, a device or a dangling link is an error. So
/// is a file, the main one too, that another user than root, the program's own and `sudo_user` owns, or that
/// other users may write. A key of a later file replaces the same key of an earlier one, a list as a whole.
/// The main file may be missing unless it `must_exist`; conf.d may be missing. Throws BadSetting.
[[nodiscard]] SettingsFiles read_settings_files(const std::string& main_file, bool must_exist,
                                                const Program& program, SudoUser sudo_user = {});

} // namespace lxcmon::app
