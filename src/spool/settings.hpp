// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "encode/batcher.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace lxcmon::spool {

struct Settings {
    std::string folder;
    std::uint64_t max_bytes = std::uint64_t{1} << 30U; ///< of all files in the folder
    std::chrono::nanoseconds max_age = std::chrono::hours(7 * 24);
    std::size_t batch_lines = 5000; ///< most lines of a batch read back
    std::size_t batch_bytes = encode::Batcher::max_body_bytes;
    std::uint64_t segment_bytes = std::uint64_t{8} << 20U; ///< of JSON, before gzip
    std::string owner{}; ///< URL of the server of these points, noted in the folder; empty: not noted

    friend bool operator==(const Settings&, const Settings&) = default;
};

} // namespace lxcmon::spool
