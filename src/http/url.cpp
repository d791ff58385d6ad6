// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/url.hpp"

#include "text/printable.hpp"

#include <curl/curl.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <span>

namespace lxcmon::http {

namespace {

struct UrlCleanup {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

bool has_part(CURLU* url, CURLUPart part) noexcept {
    char* text = nullptr;
    const bool there = curl_url_get(url, part, &text, 0) == CURLUE_OK && text != nullptr;
    curl_free(text);
    return there;
}

/// Returns an empty text if the URL has no such part.
std::string part(CURLU* url, CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK || text == nullptr)
        return {};
    const std::unique_ptr<char, decltype(&curl_free)> owned(text, &curl_free);
    return text;
}

std::unique_ptr<CURLU, UrlCleanup> new_url() {
    std::unique_ptr<CURLU, UrlCleanup> parts(curl_url());
    if (parts == nullptr)
        throw std::bad_alloc();
    return parts;
}

bool has_blank(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

/// Returns true if the URL has a scheme and a host. libcurl alone would guess a missing scheme, and take
/// http:///x for host x.
bool parse(CURLU* parts, const std::string& url) {
    const auto scheme_end = url.find("://");
    return scheme_end != std::string::npos && url[scheme_end + 3] != '/' &&
           curl_url_set(parts, CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
           has_part(parts, CURLUPART_HOST);
}

std::optional<std::string> check_socket_path(std::string_view path) {
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return "the path of the socket is too long; expected 107 bytes at most";
    if (path.ends_with('/') || has_blank(path))
        return "not a path of a socket; expected unix:///run/influxdb.sock, without spaces";
    return std::nullopt;
}

bool is_unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

} // namespace

std::optional<std::string> unix_socket_path(std::string_view url) {
    constexpr std::string_view start = "unix:///";
    if (!url.starts_with(start))
        return std::nullopt;
    return std::string(url.substr(start.size() - 1));
}

std::optional<std::string> check_url(const std::string& url) {
    constexpr const char* expected = "expected http://HOST[:PORT][/PATH], https://... or unix:///PATH";
    if (const auto path = unix_socket_path(url))
        return check_socket_path(*path);
    if (has_blank(url))
        return std::string("a space or control byte is in it; ") + expected;
    const auto parts = new_url();
    if (!parse(parts.get(), url))
        return expected;
    if (const std::string scheme = part(parts.get(), CURLUPART_SCHEME); scheme != "http" && scheme != "https")
        return expected;
    if (has_part(parts.get(), CURLUPART_USER) || has_part(parts.get(), CURLUPART_PASSWORD))
        return "a URL must not contain a user or password, which ps would show; use --influx-user and "
               "--influx-password-file";
    if (has_part(parts.get(), CURLUPART_QUERY) || has_part(parts.get(), CURLUPART_FRAGMENT))
        return "expected only the server's address, without ? or #; the database has its own option";
    return std::nullopt;
}

std::optional<std::string> check_proxy(const std::string& url) {
    constexpr const char* expected = "expected http://HOST[:PORT], https://... or socks5://...";
    constexpr auto schemes = std::to_array<std::string_view>({"http", "https", "socks5", "socks5h"});
    const auto parts = new_url();
    if (has_blank(url) || !parse(parts.get(), url))
        return expected;
    if (std::find(schemes.begin(), schemes.end(), part(parts.get(), CURLUPART_SCHEME)) == schemes.end())
        return expected;
    if (has_part(parts.get(), CURLUPART_USER) || has_part(parts.get(), CURLUPART_PASSWORD))
        return "it must not contain a user or password, which ps would show; give the whole URL in the "
               "environment variable https_proxy (for https servers) or http_proxy instead";
    const std::string path = part(parts.get(), CURLUPART_PATH);
    if ((!path.empty() && path != "/") || has_part(parts.get(), CURLUPART_QUERY) ||
        has_part(parts.get(), CURLUPART_FRAGMENT))
        return expected;
    return std::nullopt;
}

std::string canonical_url(std::string_view url) {
    while (url.ends_with('/'))
        url.remove_suffix(1);
    std::string text(url);
    const auto scheme_end = text.find("://");
    if (unix_socket_path(url) || scheme_end == std::string::npos)
        return text;
    const auto path = std::min(text.find('/', scheme_end + 3), text.size());
    for (char& c : std::span(text).first(path))
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const std::string_view port = text.starts_with("https:") ? ":443" : ":80";
    if (std::string_view(text).substr(0, path).ends_with(port))
        text.erase(path - port.size(), port.size());
    return text;
}

std::string shown_url(std::string_view url) {
    if (unix_socket_path(url)) // a path holds no secret
        return std::string(url);
    std::string out = text::hide_credentials(url);
    const auto query = out.find_first_of("?#");
    if (query != std::string::npos)
        out.replace(query, std::string::npos, "?***");
    return out;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4U];
        out += digits[byte & 0xfU];
    }
    return out;
}

} // namespace lxcmon::http
