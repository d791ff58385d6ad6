#pragma once

#include <string>

namespace lxcmon::http {

/// What came back over HTTP. All of it is untrusted; the receiver has bounded its size.
struct Reply {
    std::string failure;      ///< why no whole answer came, for a person; empty where one came
    int status = 0;           ///< HTTP status, 0 without an answer
    std::string retry_after;  ///< header Retry-After, as it was
    std::string influx_error; ///< header X-Influxdb-Error
    std::string version;      ///< header X-Influxdb-Version
    std::string location;     ///< header Location
    std::string body;         ///< its first 1 MiB
};

} // namespace lxcmon::http
