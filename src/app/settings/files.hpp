// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/toml_file.hpp"

#include <string>

namespace lxcmon::app {

/// Reads `main_file`, then the files `*.toml` of the folder conf.d next to it, sorted by the bytes of their
/// names; names that begin with a dot are ignored, and a folder, a device or a dangling link is an error. A
/// key of a later file replaces the same key of an earlier one, a list as a whole. The main file may be
/// missing unless it `must_exist`; conf.d may be missing. Throws BadSetting.
[[nodiscard]] FileSettings read_settings_files(const std::string& main_file, bool must_exist,
                                               const Program& program);

} // namespace lxcmon::app
