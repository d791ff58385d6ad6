// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/selection.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace lxcmon::deliver {

struct QueueSettings {
    std::size_t limit_bytes = std::size_t{32} << 20U; ///< of the batches in memory
    /// True: a Spooler takes batches that are not delivered in time, and the newest batch is sent first.
    /// False (a file, stdout): batches are sent in the order of their arrival.
    bool spooled = false;
    std::chrono::milliseconds send_offset{0};   ///< time from the push of a batch to its sending
    std::chrono::milliseconds spool_after{500}; ///< after that it is due for the spool
    std::uint64_t backlog_rate = 10'000;        ///< lines per second sent from the spool, on average

    friend bool operator==(const QueueSettings&, const QueueSettings&) = default;
};

struct JsonFileSettings {
    std::string path;      ///< `-` is stdout
    bool is_array = false; ///< one JSON array, as LXC Monitor writes it; else lines
    std::uint64_t max_bytes = std::uint64_t{64} << 20U; ///< size at which it is rotated; 0: no limit
    unsigned kept = 5;                                  ///< rotated files: path.1 is the newest
    std::chrono::milliseconds stream_timeout{10'000};   ///< for a pipe whose reader does not read

    friend bool operator==(const JsonFileSettings&, const JsonFileSettings&) = default;
};

struct CsvSettings {
    std::string folder;                                 ///< empty: no CSV files
    std::uint64_t max_bytes = std::uint64_t{16} << 20U; ///< size at which a file is put aside; 0: no limit
    unsigned kept = 5;                                  ///< files put aside, of each measurement
    Selection fields = Selection::everything();         ///< the fields that have a column

    friend bool operator==(const CsvSettings&, const CsvSettings&) = default;
};

} // namespace lxcmon::deliver
