// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/verdict.hpp"

#include <string>
#include <string_view>

namespace lxcmon::deliver {

/// The lines of `sent` that the verdict of a partial write names as refused, by number or by text; in order,
/// each once. Names that match no sent line are ignored. Pure.
[[nodiscard]] std::string refused_lines(std::string_view sent, const Verdict& verdict);

} // namespace lxcmon::deliver
