// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/settings.hpp"

#include <string>
#include <string_view>

namespace lxcmon::http {

/// What libcurl reports about an exchange without a response.
struct Failure {
    int code = 0;           ///< CURLcode
    std::string detail;     ///< libcurl's own message
    long os_error = 0;      ///< errno of connect()
    long verify_result = 0; ///< OpenSSL's X509_V_ERR_*
    long proxy_status = 0;  ///< HTTP status of the proxy's response to CONNECT
};

/// Describes the cause and what to do, for the log. `where` is the server's URL without secrets.
[[nodiscard]] std::string describe_failure(const Failure& failure, std::string_view where,
                                           const Settings& settings);

} // namespace lxcmon::http
