// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace lxcmon::docgen {

/// Fills the generated blocks into a document: replaces each placeholder `@NAME@` and all text between the
/// lines `<!-- NAME -->` and `<!-- /NAME -->`. Throws std::runtime_error if a name is unknown or an end is
/// missing.
[[nodiscard]] std::string fill(const std::string& text);

} // namespace lxcmon::docgen
