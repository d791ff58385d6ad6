#pragma once

#include <string>

namespace lxcmon::docgen {

/// A document with its places filled in from the tables: `@NAME@`, and what stands between the lines
/// `<!-- NAME -->` and `<!-- /NAME -->`. Throws std::runtime_error on a name that is not known and on a place
/// that has no end.
[[nodiscard]] std::string fill(const std::string& text);

} // namespace lxcmon::docgen
