// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/settings.hpp"

#include "http/url.hpp"
#include "text/utf8.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace lxcmon::influx {

namespace {

/// `tchar` of RFC 9110.
bool is_token_character(char c) noexcept {
    constexpr std::string_view symbols = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           symbols.find(c) != std::string_view::npos;
}

/// Headers that frame the request: another value would break it or split it in two.
constexpr auto own_headers = std::to_array<std::string_view>(
    {"accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
     "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"});

std::string_view value_of(std::string_view header) noexcept {
    const std::string_view value = header.substr(std::min(header.size(), header.find(':') + 1));
    const auto first = value.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view() : value.substr(first);
}

/// The user and password as they go into the header, in base64 without its end: a server may repeat that too.
std::string basic_credentials(const http::Settings& settings) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : settings.user + ':' + settings.password) {
        bits = (bits << 8U | static_cast<unsigned char>(c)) & 0xffffU;
        for (count += 8; count >= 6; count -= 6)
            text += digits[bits >> (count - 6) & 0x3fU];
    }
    return text;
}

} // namespace

std::string header_name(std::string_view header) {
    std::string name(header.substr(0, header.find(':')));
    for (char& c : name)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return name;
}

std::optional<std::string> check_header(std::string_view header) {
    constexpr const char* expected = "expected 'Name: value'";
    const std::string name = header_name(header);
    if (header.find(':') == std::string_view::npos || name.empty() ||
        !std::all_of(name.begin(), name.end(), &is_token_character))
        return std::string("is not a header; ") + expected;
    if (std::any_of(header.begin(), header.end(), &text::is_control))
        return std::string("contains a line end or control character; ") + expected;
    if (value_of(header).empty())
        return std::string("has no value; ") + expected;
    if (std::find(own_headers.begin(), own_headers.end(), name) != own_headers.end())
        return "can't be set: lxcmon-push sets the header '" + name + "' itself";
    return std::nullopt;
}

Settings checked(Settings settings) {
    if (const auto wrong = http::check_url(settings.url))
        throw std::invalid_argument("the InfluxDB URL: " + *wrong);
    // A line end would start another header.
    if (std::any_of(settings.token.begin(), settings.token.end(), &text::is_control))
        throw std::invalid_argument("the InfluxDB token contains a line end or control character");
    if (settings.http.user.find(':') != std::string::npos)
        throw std::invalid_argument("the InfluxDB user contains a colon, which HTTP does not allow");
    for (const std::string& header : settings.headers)
        if (const auto wrong = check_header(header))
            throw std::invalid_argument("a header for InfluxDB " + *wrong);
    if (!settings.http.proxy.empty())
        if (const auto wrong = http::check_proxy(settings.http.proxy))
            throw std::invalid_argument("the proxy to InfluxDB: " + *wrong);
    if (settings.api == Api::v2 && settings.bucket.empty())
        throw std::invalid_argument("the InfluxDB v2 API requires a bucket");
    return settings;
}

std::vector<std::string> secrets_of(const Settings& settings) {
    std::vector<std::string> secrets{settings.http.password, settings.token};
    if (!settings.http.password.empty())
        secrets.push_back(basic_credentials(settings.http));
    for (const std::string& header : settings.headers) {
        const std::string_view value = value_of(header);
        secrets.emplace_back(value);
        // The x of "Bearer x" is a secret by itself.
        if (const auto space = value.find_last_of(" \t"); space != std::string_view::npos)
            secrets.emplace_back(value.substr(space + 1));
    }
    return secrets;
}

http::Settings http_settings_of(const Settings& settings) {
    http::Settings http = settings.http;
    if (!settings.token.empty()) { // a token has priority over user and password
        http.user.clear();
        http.password.clear();
    }
    http.unix_socket = http::unix_socket_path(settings.url).value_or("");
    return http;
}

} // namespace lxcmon::influx
