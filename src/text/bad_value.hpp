// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace lxcmon::text {

/// Thrown by parsers of values from users: "is not a duration; expected for example 10s".
struct BadValue {
    std::string message;
    std::string shown{}; ///< shown instead of a value that may contain a secret; empty: the value itself
};

} // namespace lxcmon::text
