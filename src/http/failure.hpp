#pragma once

#include "http/settings.hpp"

#include <string>
#include <string_view>

namespace lxcmon::http {

/// What libcurl tells of an exchange that brought no answer.
struct Failure {
    int code = 0;           ///< CURLcode
    std::string detail;     ///< libcurl's own words
    long os_error = 0;      ///< errno of connect()
    long verify_result = 0; ///< OpenSSL's X509_V_ERR_*
    long proxy_status = 0;  ///< the proxy's answer to CONNECT
};

/// For a person: what is wrong and what to do. `where` names the server, without secrets. Throws
/// std::bad_alloc where that is what libcurl met.
[[nodiscard]] std::string describe_failure(const Failure& failure, std::string_view where,
                                           const Settings& settings);

} // namespace lxcmon::http
