// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/settings.hpp"

#include <curl/curl.h>

#include <string>

namespace lxcmon::http {

/// Sets the unix socket or proxy. `settings` must outlive the exchange.
void set_route(CURL* easy, const Settings& settings);
/// Sets the trusted CAs and our certificate. `ca_pem` holds the CAs of a folder, or is empty. `settings` and
/// `ca_pem` must outlive the exchange.
void set_tls(CURL* easy, const TlsSettings& settings, const std::string& ca_pem);

} // namespace lxcmon::http
