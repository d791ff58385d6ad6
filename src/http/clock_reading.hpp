// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/reply.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace lxcmon::http {

/// A larger difference of two clocks is not the network's or a slow server's.
inline constexpr std::chrono::seconds most_clock_difference{60};

/// What the header Date of an answer says of the clock of this host.
struct ClockReading {
    std::chrono::seconds ahead{0}; ///< of the server's clock, in the middle of the exchange; negative: behind
    bool is_off = false; ///< by more than most_clock_difference, whenever in the exchange the server wrote it
};

/// nullopt if the answer has no Date, or one before 2026 or after 2099: the server is not trusted. Pure.
[[nodiscard]] std::optional<ClockReading> read_clock(const Reply& reply);

/// "the clock of this host is 3600 s behind the server's".
[[nodiscard]] std::string describe(const ClockReading& clock);

} // namespace lxcmon::http
