// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

#include <optional>
#include <span>

namespace lxcmon::encode {

/// The tags of a point with clean keys (text::clean_name()), no key twice: servers refuse a line with a
/// duplicate key, and both formats must keep the same one. Usually the point's own tags; `buffer` is filled
/// only if a key is not clean, and must live as long as the result.
[[nodiscard]] std::span<const Tag> clean_tags(const Point& point, std::optional<PointBuffer>& buffer);

} // namespace lxcmon::encode
