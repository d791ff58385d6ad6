// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "deliver/verdict.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace lxcmon::deliver {

/// The lines of `sent` that the verdict of a partial write names as refused, by number or by text; in order,
/// each once. Names that match no sent line are ignored. If the verdict names a field in conflict: the lines
/// with this field and type, unless they are more than `dropped`, the number of refused lines: then some of
/// them are stored. Pure.
[[nodiscard]] std::string refused_lines(std::string_view sent, const Verdict& verdict, std::size_t dropped);

} // namespace lxcmon::deliver
