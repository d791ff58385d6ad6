// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/top/view.hpp"

#include <string>

/// The texts of `top` beside its tables.
namespace lxcmon::push {

/// "CPU 123% of 2 cores   memory 1.2G/23G ...": the host.
[[nodiscard]] std::string host_text(const Overview& overview);
/// "3 of 5 containers run  load 0.12 0.20 0.15".
[[nodiscard]] std::string summary_text(const Overview& overview);
/// "by cpu, only names with web".
[[nodiscard]] std::string order_text(const ViewSettings& settings, const std::string& filter);
[[nodiscard]] std::string hint_text();
[[nodiscard]] std::string help_text();

/// Appends a character as UTF-8; nothing if it is a control character.
void append_character(std::string& text, char32_t character);

} // namespace lxcmon::push
