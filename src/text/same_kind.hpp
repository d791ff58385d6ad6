// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace lxcmon::text {

/// True if the messages differ only in their numbers: sizes, counts, names of numbered files. A message about
/// a trouble that lasts is logged again only if its kind has changed.
[[nodiscard]] bool same_kind(std::string_view one, std::string_view other) noexcept;

} // namespace lxcmon::text
