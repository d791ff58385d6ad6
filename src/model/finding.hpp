#pragma once

#include <string>

namespace lxcmon {

/// A line of what the command `check` finds.
struct Finding {
    std::string what; ///< "server", "credentials", "database", "file"
    bool ok = false;
    std::string message; ///< what was found, or what is wrong and what to do; no secrets
};

} // namespace lxcmon
