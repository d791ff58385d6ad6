// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/curl_options.hpp"

namespace lxcmon::http {

void set_route(CURL* easy, const Settings& settings) {
    // The proxy's response to CONNECT is not the server's.
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!settings.unix_socket.empty()) // libcurl then uses no proxy
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, settings.unix_socket.c_str());
    if (settings.proxy.empty())
        return;
    curl_easy_setopt(easy, CURLOPT_PROXY, settings.proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); // an explicit proxy overrides no_proxy
    curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
}

void set_tls(CURL* easy, const TlsSettings& settings, const std::string& ca_pem) {
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // Without a password OpenSSL would prompt on the terminal and block.
    curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
    if (!settings.ca.empty()) {
        // Replaces the system's CAs: by default libcurl adds the system's folder to our file.
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
        if (ca_pem.empty()) {
            curl_easy_setopt(easy, CURLOPT_CAINFO, settings.ca.c_str());
        } else {
            curl_blob blob{const_cast<char*>(ca_pem.data()), ca_pem.size(), CURL_BLOB_NOCOPY};
            curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
        }
    }
    if (!settings.cert.empty()) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, settings.cert.c_str());
        curl_easy_setopt(easy, CURLOPT_SSLKEY, (settings.key.empty() ? settings.cert : settings.key).c_str());
    }
    if (settings.insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

} // namespace lxcmon::http
