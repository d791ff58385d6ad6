// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace lxcmon::text {

/// A text table: columns are aligned, with two spaces between them. All rows have the same number of cells.
[[nodiscard]] std::string aligned(const std::vector<std::vector<std::string>>& rows);

} // namespace lxcmon::text
