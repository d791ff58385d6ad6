// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lxcmon::app {

/// The name that was probably meant by `typed`, without its leading dashes: the only name that begins with it
/// or has its words; else a shorter form of it (influx-db of influx-database); else the name with the fewest
/// typing errors (a character more, less or another one, or two neighbours swapped). Empty if none is near:
/// more than one error in up to four characters, or more than two and more than a third of the characters. Of
/// equally near names the one with the longest common beginning, then the first in alphabetical order.
[[nodiscard]] std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names);

/// " (did you mean NAME?)" with `prefix` before the name, or nothing if no name is near.
[[nodiscard]] std::string did_you_mean(std::string_view typed, std::span<const std::string_view> names,
                                       std::string_view prefix = "");

} // namespace lxcmon::app
