// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "influx/settings.hpp"

#include <string>
#include <vector>

/// Parsing of option values for an InfluxDB server. The functions throw text::BadValue.
namespace lxcmon::influx {

/// Appends the URL of a server; it must not be in `urls` already.
void add_url(std::vector<std::string>& urls, const std::string& value);
/// Appends "Name: value"; the error shows only the name.
void add_header(Settings& settings, const std::string& value);
void set_proxy(Settings& settings, const std::string& value);
/// Paths of PEM files; they must be readable and contain certificates or a key.
void set_tls_ca(Settings& settings, const std::string& value);
void set_tls_cert(Settings& settings, const std::string& value);
void set_tls_key(Settings& settings, const std::string& value);

/// True if there is a key file, or the certificate file contains the key.
[[nodiscard]] bool has_private_key(const Settings& settings);

} // namespace lxcmon::influx
