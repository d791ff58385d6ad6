// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"

#include <string>
#include <string_view>

namespace lxcmon::encode {

/// Sets `out` to the labels of a point's tags, without braces: host="node1",container="web". Tags whose key
/// is in `without` are left out. A key becomes [a-zA-Z_][a-zA-Z0-9_]*, none begins with __, and none is there
/// twice or the label of an info or state set: it gets a _ at its end. Values are those of line protocol.
void set_labels(std::string& out, const Point& point, std::string_view without = {});

} // namespace lxcmon::encode
