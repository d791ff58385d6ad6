#pragma once

#include "http/settings.hpp"

#include <curl/curl.h>

#include <string>

namespace lxcmon::http {

/// Which way requests go (unix socket, proxy) and who is trusted. `settings` and `ca_pem` must outlive the
/// exchange.
void set_route(CURL* easy, const Settings& settings);
void set_tls(CURL* easy, const TlsSettings& settings, const std::string& ca_pem);

} // namespace lxcmon::http
