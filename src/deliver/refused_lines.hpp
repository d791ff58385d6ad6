#pragma once

#include "deliver/verdict.hpp"

#include <string>
#include <string_view>

namespace lxcmon::deliver {

/// The lines of `sent` that a partial write names as refused, by number or by text, in their order and each
/// once. A server may name none, or such that were never sent: those are left out. Pure.
[[nodiscard]] std::string refused_lines(std::string_view sent, const Verdict& verdict);

} // namespace lxcmon::deliver
