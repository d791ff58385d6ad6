// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace lxcmon::text {

/// Thrown by code that reads a value which a person wrote: "is not a duration; expected for example 10s".
struct BadValue {
    std::string message;
    std::string shown{}; ///< shown in place of a value that may hold a secret; empty: the value itself
};

} // namespace lxcmon::text
