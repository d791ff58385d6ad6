// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace lxcmon::text {

/// A byte of a tag key or value as line protocol holds it. Control bytes become `_`. A backslash becomes `/`:
/// servers differ on a backslash before a separator.
[[nodiscard]] char clean_byte(char c) noexcept;

/// True if clean_name() would not change `name`.
[[nodiscard]] bool is_clean(std::string_view name) noexcept;

/// A tag key or value as line protocol holds it, before escaping: clean_byte() for each byte, U+FFFD for
/// invalid UTF-8 and harmful characters (is_harmful()), cut at max_string_bytes. Two names that are equal
/// afterwards are one series.
[[nodiscard]] std::string clean_name(std::string_view name);

/// The same without an allocation for a clean name: returns `name` itself, or a view into `buffer`.
[[nodiscard]] std::string_view clean_name(std::string_view name, std::string& buffer);

} // namespace lxcmon::text
