// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/api.hpp"

#include "http/url.hpp"
#include "text/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace lxcmon::influx {

namespace {

constexpr std::size_t longest_version_bytes = 64;

/// From the header, else from InfluxDB 3's JSON; empty if there is none.
std::string version_in(const http::Reply& ping) {
    if (!ping.version.empty())
        return ping.version;
    if (ping.body.size() > 4096) // not the short JSON of /ping
        return {};
    const auto body = nlohmann::json::parse(ping.body, nullptr, false);
    const auto found = body.is_object() ? body.find("version") : body.end();
    return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// 2 of "v2.7.1"; 0 if it does not begin with a number.
unsigned major_of(std::string_view version) noexcept {
    if (version.starts_with('v'))
        version.remove_prefix(1);
    unsigned number = 0;
    std::from_chars(version.data(), version.data() + version.size(), number);
    return number;
}

} // namespace

std::string_view api_name(Api api) noexcept {
    return api_names[static_cast<std::size_t>(api)];
}

std::optional<Api> api_of_name(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(api_names, name);
    if (found == api_names.end())
        return std::nullopt;
    return static_cast<Api>(found - api_names.begin());
}

std::optional<Api> api_of_settings(const Settings& settings) noexcept {
    if (settings.api != Api::automatic)
        return settings.api;
    if (!settings.bucket.empty())
        return Api::v2;
    if (!settings.retention_policy.empty()) // only v1 has them; InfluxDB 2 and 3 accept v1 writes as well
        return Api::v1;
    return std::nullopt;
}

ServerKind kind_of(const http::Reply& ping) {
    const std::string version = ping.has_good_status() ? version_in(ping) : std::string();
    if (version.empty())
        return {Api::v1, "a server that reports no version"};
    const Api api = major_of(version) >= 3 ? Api::v3 : Api::v1;
    return {api, "InfluxDB " + text::printable(version, longest_version_bytes)};
}

std::string write_path(const Settings& settings, Api api) {
    if (api == Api::v2)
        return "/api/v2/write?org=" + http::percent_encoded(settings.org) +
               "&bucket=" + http::percent_encoded(settings.bucket) + "&precision=ns";
    const std::string database = http::percent_encoded(settings.database);
    if (api == Api::v3)
        return "/api/v3/write_lp?db=" + database + "&precision=nanosecond";
    const std::string policy =
        settings.retention_policy.empty() ? "" : "&rp=" + http::percent_encoded(settings.retention_policy);
    return "/write?db=" + database + policy + "&precision=ns";
}

std::string authorization_header(const Settings& settings, Api api) {
    if (settings.token.empty())
        return {};
    return (api == Api::v3 ? "Authorization: Bearer " : "Authorization: Token ") + settings.token;
}

} // namespace lxcmon::influx
