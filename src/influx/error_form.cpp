// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/error_form.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace lxcmon::influx {

namespace {

bool has_text(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != std::string_view::npos;
}

template <std::size_t count>
bool begins_with_any(std::string_view text, const std::array<std::string_view, count>& beginnings) noexcept {
    return std::ranges::any_of(beginnings, [&](std::string_view begin) { return text.starts_with(begin); });
}

/// Messages that no line causes: bisecting would reject every line.
constexpr auto settings_messages = std::to_array<std::string_view>({
    "Client sent an HTTP request to an HTTPS server", // Go's HTTP server: InfluxDB 1.x and 2.x
    "Please provide either orgID or org",             // 2.x
    "Authorization header was malformed",             // 3.x, and the messages below
    "Adding a new database would exceed limit",
    "db name ",
    "invalid character in database",
    "serde error",
});

/// Errors about lines of servers that send neither InfluxDB's headers nor the JSON of 2.x and 3.x. They must
/// begin with one of these: a proxy may repeat a part of the request.
constexpr auto line_messages = std::to_array<std::string_view>({
    "unable to parse '",
    "partial write",
    "field type conflict",
    "max-values-per-tag limit exceeded",
    "max-series-per-database limit exceeded",
    "max series per database exceeded",
    "max key length exceeded",
    "points beyond retention policy",
    "time outside range",
    "parsing failed for write_lp endpoint", // 3.x, and the messages below
    "incoming write was empty",
    "write buffer error: ",
    "max request size ",
});

constexpr auto victoria_line_messages = std::to_array<std::string_view>({
    "cannot unmarshal ",
    "cannot read influx line protocol data: too long line",
    "too big request",
});

/// VictoriaMetrics: `remoteAddr: "ADDRESS"; requestURI: PATH; MESSAGE`. Empty if the text is another one.
std::string_view victoria_message(std::string_view error) noexcept {
    constexpr std::string_view mark = "; requestURI: ";
    if (!error.starts_with("remoteAddr: "))
        return {};
    const auto uri = error.find(mark);
    const auto end = uri == std::string_view::npos ? uri : error.find("; ", uri + mark.size());
    return end == std::string_view::npos ? std::string_view() : error.substr(end + 2);
}

/// nginx, Apache.
bool wants_https(std::string_view error) noexcept {
    return error.starts_with('<') && (has_text(error, "plain HTTP request was sent to HTTPS port") ||
                                      has_text(error, "speaking plain HTTP to an SSL-enabled server port"));
}

bool is_about_settings(const AnswerText& text) noexcept {
    const std::string_view error = text.own_message();
    return begins_with_any(error, settings_messages) || begins_with_any(text.line_error, settings_messages) ||
           victoria_message(error).starts_with("unsupported path requested") || wants_https(error);
}

bool is_of_server(const http::Reply& reply, const AnswerText& text) noexcept {
    if (!reply.version.empty() || !reply.influx_error.empty())
        return true; // X-Influxdb-Version, X-Influxdb-Error: 1.x and 2.x, in each answer
    if (text.code == "invalid" || text.code == "unprocessable entity" || text.code == "request too large")
        return true; // 2.x: {"code", "message"}
    if (!text.line_numbers.empty() || !text.line_error.empty())
        return true; // 3.x: {"error", "data": [{"line_number", "error_message"}]}
    return begins_with_any(text.error, line_messages) ||
           begins_with_any(victoria_message(text.error), victoria_line_messages);
}

} // namespace

bool is_web_page(const http::Reply& reply) noexcept {
    const std::string_view body = reply.body;
    const auto begin = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    return begin != std::string_view::npos && body[begin] == '<';
}

Cause cause_of(const http::Reply& reply, const AnswerText& text) noexcept {
    if (is_about_settings(text))
        return Cause::settings;
    return is_of_server(reply, text) ? Cause::lines : Cause::unknown;
}

} // namespace lxcmon::influx
