// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/retry_after.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace lxcmon::http {

std::chrono::seconds wait_of(const std::string& retry_after, std::time_t now) {
    const bool number = !retry_after.empty() && std::all_of(retry_after.begin(), retry_after.end(),
                                                            [](char c) { return c >= '0' && c <= '9'; });
    std::int64_t seconds = 0;
    if (number) {
        const auto end = retry_after.data() + retry_after.size();
        if (std::from_chars(retry_after.data(), end, seconds).ec != std::errc())
            return longest_retry_after; // more digits than a number holds
    } else if (!retry_after.empty()) {
        const std::time_t date = curl_getdate(retry_after.c_str(), nullptr);
        seconds = date == -1 ? 0 : date - now;
    }
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, longest_retry_after.count()));
}

} // namespace lxcmon::http
