// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lxcmon::text {

/// Lets the C library know the widths of characters: selects the user's locale for characters, or C.UTF-8 if
/// that is not UTF-8. Call it before the other functions, and before any thread.
void use_utf8_locale();

/// Untrusted text for a terminal: printable(), with "?" for each character that the C library does not know,
/// as a terminal may show it in any width, and for each that shows nothing. Wider than 0 unless `text` is
/// empty.
[[nodiscard]] std::string for_terminal(std::string_view text);

/// The columns that a terminal uses for `text`: 2 for a wide character, 0 for one that combines. `text` is
/// a result of for_terminal().
[[nodiscard]] std::size_t display_width(std::string_view text);

/// `text`, or its beginning and "~" if it is wider than `most_columns`: never wider than that.
[[nodiscard]] std::string cut_to_width(std::string_view text, std::size_t most_columns);

} // namespace lxcmon::text
