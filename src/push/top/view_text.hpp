// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/top/view.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// The texts of `top` beside its tables.
namespace lxcmon::push {

/// "host: CPU 12.0% of 200%  memory 1.2G/23G ...": the host. Parts that are not whole within `columns` are
/// left out.
[[nodiscard]] std::string host_text(const Overview& overview, std::size_t columns);
/// "3 of 5 containers run, 1 left out  load 0.12 0.20 0.15".
[[nodiscard]] std::string summary_text(const Overview& overview);
/// "by cpu, only names with web".
[[nodiscard]] std::string order_text(const ViewSettings& settings, const std::string& filter);
/// ", 35 to 53 of 205".
[[nodiscard]] std::string position_text(std::size_t first, std::size_t last, std::size_t all);
[[nodiscard]] std::string hint_text();
[[nodiscard]] std::string help_text();

/// True if `name` contains `part`; small and capital letters of ASCII are the same.
[[nodiscard]] bool contains(std::string_view name, std::string_view part);

/// Appends a character as UTF-8; nothing if it is a control character.
void append_character(std::string& text, char32_t character);
/// The other way round, for UTF-8.
void remove_last_character(std::string& text);

} // namespace lxcmon::push
