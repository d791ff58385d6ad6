// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/import/yaml_file.hpp"

#include <span>
#include <string>

namespace lxcmon::push {

/// The settings file of LXC Monitor (lxc_monitor.yaml) as one of lxcmon-push (TOML). Comments name what has
/// no counterpart, with the reason. `path` is for messages. Throws app::BadSetting for an unknown key, with
/// the nearest known one, and for a value that one of the two programs does not take.
[[nodiscard]] std::string settings_of_lxc_monitor(std::span<const YamlSetting> settings,
                                                  const std::string& path);

} // namespace lxcmon::push
