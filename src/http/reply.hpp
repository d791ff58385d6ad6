// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace lxcmon::http {

/// An HTTP response. Its content is untrusted; its size is bounded.
struct Reply {
    std::string failure;      ///< why no complete response came, for the log; empty if one came
    int status = 0;           ///< HTTP status; 0 without a response
    std::string retry_after;  ///< header Retry-After, unparsed
    std::string influx_error; ///< header X-Influxdb-Error
    std::string version;      ///< header X-Influxdb-Version
    std::string location;     ///< header Location
    std::string body;         ///< the first 1 MiB
    std::string date;         ///< header Date, unparsed
    /// The exchange by the clock of this host, from before the connection until the answer's end.
    std::chrono::system_clock::time_point begun_at{}, ended_at{};

    [[nodiscard]] bool has_good_status() const noexcept { return status >= 200 && status < 300; } ///< 2xx
};

} // namespace lxcmon::http
