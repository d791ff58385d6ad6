// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace lxcmon::app {

struct LogSettings {
    std::string level = "info";  ///< trace, debug, info, warn, error, critical or off
    std::string format = "text"; ///< or "json"
    std::string file;            ///< empty: standard error
    std::uint64_t max_bytes = 10U << 20U;
    unsigned keep = 3; ///< rotated files

    friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

} // namespace lxcmon::app
