#pragma once

#include "push/config.hpp"

/// The values of the options that say how InfluxDB is reached. The take_ functions throw BadValue.
namespace lxcmon::push {

void take_url(Config& config, const std::string& value);
void take_header(Config& config, const std::string& value);
void take_proxy(Config& config, const std::string& value);
void take_tls_ca(Config& config, const std::string& value);
void take_tls_cert(Config& config, const std::string& value);
void take_tls_key(Config& config, const std::string& value);

/// Those that contradict each other. Throws BadSetting.
void check_influx_options(const Config& config);

} // namespace lxcmon::push
