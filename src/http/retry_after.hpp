// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <ctime>
#include <string>

namespace lxcmon::http {

/// A longer Retry-After counts as this.
inline constexpr std::chrono::seconds longest_retry_after{600};

/// The wait that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date; `now` is for the date),
/// from 0 to longest_retry_after; 0 if the header is absent or malformed.
[[nodiscard]] std::chrono::seconds wait_of(const std::string& retry_after, std::time_t now);

} // namespace lxcmon::http
