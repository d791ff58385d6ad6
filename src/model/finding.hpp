// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace lxcmon {

/// One result of the command `check`.
struct Finding {
    std::string what; ///< "server", "credentials", "database", "file"
    bool ok = false;
    std::string message; ///< the result, or the problem and advice; no secrets
};

} // namespace lxcmon
