#pragma once

#include <chrono>
#include <string>

namespace lxcmon::http {

struct TlsSettings {
    std::string ca;        ///< PEM file, or a folder of such; empty: whom the system trusts
    std::string cert;      ///< PEM file with our certificate, for servers that want one
    std::string key;       ///< PEM file with its key; empty: it stands in `cert`
    bool insecure = false; ///< whoever answers is believed

    friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

struct Settings {
    std::string user; ///< Basic authentication where not empty
    std::string password;
    std::chrono::milliseconds connect_timeout{5'000};
    std::string unix_socket; ///< path; not empty: all goes there, whatever the URL's host
    std::string proxy;       ///< empty: what http_proxy, https_proxy and no_proxy say
    TlsSettings tls;
};

} // namespace lxcmon::http
