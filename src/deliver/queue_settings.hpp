// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lxcmon::deliver {

struct QueueSettings {
    std::size_t limit_bytes = std::size_t{32} << 20U; ///< of batches held in memory
    /// A Spooler takes what is not delivered in time, and the newest batch is sent first. Without one
    /// (a file, stdout) batches leave in the order in which they came.
    bool spooled = false;
    std::chrono::milliseconds send_offset{0};   ///< a batch is sent so long after it was pushed
    std::chrono::milliseconds spool_after{500}; ///< and goes to the spool where it is not delivered by then
    std::uint64_t backlog_rate = 10'000;        ///< lines a second sent from the spool, on average

    friend bool operator==(const QueueSettings&, const QueueSettings&) = default;
};

} // namespace lxcmon::deliver
