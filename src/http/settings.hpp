// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace lxcmon::http {

struct TlsSettings {
    std::string ca;        ///< PEM file, or a folder of PEM files; empty: the system's CAs
    std::string cert;      ///< PEM file with our certificate, for servers that require one
    std::string key;       ///< PEM file with its key; empty: the key is in `cert`
    bool insecure = false; ///< accepts any server certificate

    friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

struct Settings {
    std::string user; ///< for Basic authentication; empty: none
    std::string password;
    std::chrono::milliseconds connect_timeout{5'000};
    /// A connection older than that is closed before the next request, and the server's name resolved again:
    /// the name may lead to another server meanwhile, while the old one still answers.
    std::chrono::seconds connection_life{300};
    std::string unix_socket; ///< path; if set, all requests go there, whatever the URL's host
    std::string proxy;       ///< URL; empty: http_proxy, https_proxy and no_proxy decide
    TlsSettings tls;

    friend bool operator==(const Settings&, const Settings&) = default;
};

} // namespace lxcmon::http
