#include "deliver/url.hpp"

#include <curl/curl.h>

#include <memory>

namespace lxcmon::deliver {

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

bool is_http(CURLU* url) {
    char* text = nullptr;
    if (curl_url_get(url, CURLUPART_SCHEME, &text, 0) != CURLUE_OK || text == nullptr)
        return false;
    const std::unique_ptr<char, decltype(&curl_free)> scheme(text, &curl_free);
    return std::string_view(text) == "http" || std::string_view(text) == "https";
}

bool is_unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

} // namespace

std::optional<std::string> check_url(const std::string& url) {
    constexpr const char* expected = "expected http://HOST[:PORT][/PATH] or https://...";
    for (const char c : url)
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
            return std::string("a space or control byte in it; ") + expected;
    const std::unique_ptr<CURLU, UrlCleanup> parts(curl_url());
    if (parts == nullptr)
        throw std::bad_alloc();
    // libcurl guesses a scheme where none is, and takes http:///x for host x.
    if (const auto scheme_end = url.find("://");
        scheme_end == std::string::npos || url[scheme_end + 3] == '/')
        return expected;
    if (curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return expected;
    if (!is_http(parts.get()) || !has_part(parts.get(), CURLUPART_HOST))
        return expected;
    if (has_part(parts.get(), CURLUPART_USER) || has_part(parts.get(), CURLUPART_PASSWORD))
        return "a user or password has no place in a URL, it would show in ps; use --influx-user and "
               "--influx-password-file";
    if (has_part(parts.get(), CURLUPART_QUERY) || has_part(parts.get(), CURLUPART_FRAGMENT))
        return "give the server's address alone, without ? and what follows; the database has its own option";
    return std::nullopt;
}

std::string shown_url(std::string_view url) {
    const auto scheme_end = url.find("://");
    std::string out(url.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end + 3));
    std::string_view rest = url.substr(out.size());
    // The last @ of all, also beyond a slash: a password may hold one, and hiding too much does no harm.
    if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
        out += "***";
        rest.remove_prefix(at);
    }
    const auto query = rest.find_first_of("?#");
    out += rest.substr(0, query);
    if (query != std::string_view::npos)
        out += "?***";
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

} // namespace lxcmon::deliver
