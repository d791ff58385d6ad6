// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace lxcmon::text {

/// A text table, a line for each row: columns are aligned, with two spaces between them. All rows have the
/// same number of cells; the first one has the titles. A column is aligned to the right if `to_the_right` has
/// true for it. Cells are ASCII, or results of for_terminal() after use_utf8_locale().
[[nodiscard]] std::string aligned(const std::vector<std::vector<std::string>>& rows,
                                  const std::vector<bool>& to_the_right = {});

} // namespace lxcmon::text
