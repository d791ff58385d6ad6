// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/options.hpp"

#include "http/tls_files.hpp"
#include "http/url.hpp"
#include "text/bad_value.hpp"

#include <optional>

namespace lxcmon::influx {
namespace {

using text::BadValue;

std::string checked_file(const std::string& path, std::optional<std::string> (*check)(const std::string&)) {
    if (const auto wrong = check(path))
        throw BadValue{*wrong};
    return path;
}

} // namespace

void add_url(std::vector<std::string>& urls, const std::string& value) {
    if (const auto wrong = http::check_url(value))
        throw BadValue{"is not the URL of a server: " + *wrong, http::shown_url(value)};
    for (const std::string& url : urls)
        if (http::canonical_url(url) == http::canonical_url(value))
            throw BadValue{"is given twice; expected another server"};
    urls.push_back(value);
}

void add_header(Settings& settings, const std::string& value) {
    // The value may be a secret.
    const auto colon = value.find(':');
    if (const auto wrong = check_header(value))
        throw BadValue{*wrong, colon == std::string::npos ? "***" : value.substr(0, colon) + ": ***"};
    settings.headers.push_back(value);
}

void set_proxy(Settings& settings, const std::string& value) {
    if (const auto wrong = http::check_proxy(value))
        throw BadValue{"is not the URL of a proxy: " + *wrong, http::shown_url(value)};
    settings.http.proxy = value;
}

void set_tls_ca(Settings& settings, const std::string& value) {
    settings.http.tls.ca = checked_file(value, &http::check_certificates);
}

void set_tls_cert(Settings& settings, const std::string& value) {
    settings.http.tls.cert = checked_file(value, &http::check_certificate_file);
}

void set_tls_key(Settings& settings, const std::string& value) {
    settings.http.tls.key = checked_file(value, &http::check_key_file);
}

bool has_private_key(const Settings& settings) {
    return !settings.http.tls.key.empty() || http::holds_key(settings.http.tls.cert);
}

} // namespace lxcmon::influx
