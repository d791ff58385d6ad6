// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/view/columns.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lxcmon::push {

/// A table: the titles, then a line for each of `rows`. With `width` no line is wider than that
/// many columns of a terminal: the least important columns are left out, at last those that show the order of
/// the rows, `sort`, and then names are cut.
/// Call text::use_utf8_locale() first.
[[nodiscard]] std::string table_text(std::span<const Figures> rows, std::vector<const Column*> columns,
                                     std::optional<std::size_t> width, SortBy sort);

/// The columns of the terminal on standard output; nothing if it is none.
[[nodiscard]] std::optional<std::size_t> terminal_width() noexcept;

/// What all containers use, as the last line of a table: "TOTAL".
[[nodiscard]] Figures total_of(std::span<const Figures> containers);

} // namespace lxcmon::push
