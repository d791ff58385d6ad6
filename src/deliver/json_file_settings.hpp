// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lxcmon::deliver {

struct JsonFileSettings {
    std::string path;                                   ///< `-` is stdout
    std::uint64_t max_bytes = std::uint64_t{64} << 20U; ///< size at which it is rotated; 0: no limit
    unsigned kept = 5;                                  ///< rotated files: path.1 is the newest
    std::chrono::milliseconds stream_timeout{10'000};   ///< for a pipe whose reader does not read

    friend bool operator==(const JsonFileSettings&, const JsonFileSettings&) = default;
};

} // namespace lxcmon::deliver
