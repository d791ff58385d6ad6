// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "influx/settings.hpp"

#include <string>
#include <vector>

/// Values that people write for the settings of an InfluxDB server. The functions throw text::BadValue.
namespace lxcmon::influx {

/// Adds the URL of a server that is not among `urls` yet.
void add_url(std::vector<std::string>& urls, const std::string& value);
/// Adds "Name: value"; the error shows only the name.
void add_header(Settings& settings, const std::string& value);
void set_proxy(Settings& settings, const std::string& value);
/// Paths of PEM files, which must be readable and hold what they should.
void set_tls_ca(Settings& settings, const std::string& value);
void set_tls_cert(Settings& settings, const std::string& value);
void set_tls_key(Settings& settings, const std::string& value);

/// True if the private key is in a file of its own or in that of the certificate.
[[nodiscard]] bool has_private_key(const Settings& settings);

} // namespace lxcmon::influx
