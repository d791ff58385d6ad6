#pragma once

#include <string>
#include <vector>

namespace lxcmon::text {

/// Rows of a table for people, columns lined up, two spaces between them. All rows are of one length.
[[nodiscard]] std::string aligned(const std::vector<std::vector<std::string>>& rows);

} // namespace lxcmon::text
