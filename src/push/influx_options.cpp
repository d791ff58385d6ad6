#include "push/influx_options.hpp"

#include "app/settings/bad_setting.hpp"
#include "http/tls_files.hpp"
#include "http/url.hpp"
#include "influx/api.hpp"

#include <algorithm>

namespace lxcmon::push {
namespace {

using influx::Api;

[[noreturn]] void refuse(const std::string& option, const std::string& message) {
    throw app::BadSetting("lxcmon-push: --" + option + ": " + message);
}

std::string checked_file(const std::string& path, std::optional<std::string> (*check)(const std::string&)) {
    if (const auto wrong = check(path))
        throw app::BadValue{*wrong};
    return path;
}

void check_api(const Config& config) {
    const influx::Api api = influx::api_of_name(config.influx_api).value_or(influx::Api::automatic);
    if (api == influx::Api::v2 && config.influx_bucket.empty())
        refuse("influx-api", "'v2' needs --influx-bucket as well");
    if (api == influx::Api::v2 && config.influx_org.empty())
        refuse("influx-api", "'v2' needs --influx-org as well");
    const bool other_api = api == influx::Api::v1 || api == influx::Api::v3;
    if (other_api && !config.influx_bucket.empty())
        refuse("influx-api",
               "'" + config.influx_api + "' has no buckets; leave out --influx-bucket, or choose v2 or auto");
    if (config.influx_retention_policy.empty())
        return;
    if (api == influx::Api::v2 || api == influx::Api::v3)
        refuse("influx-rp", "retention policies are InfluxDB 1.x's; leave it out, or choose --influx-api v1");
    if (!config.influx_bucket.empty())
        refuse("influx-rp", "with --influx-bucket the v2 API is used, which has no retention policies; leave "
                            "one of them out");
}

void check_tls(const Config& config) {
    if (config.tls_cert.empty() && !config.tls_key.empty())
        refuse("tls-key", "needs --tls-cert as well");
    if (!config.tls_cert.empty() && config.tls_key.empty() && !http::holds_key(config.tls_cert))
        refuse("tls-cert", "'" + config.tls_cert + "' holds no private key; give that with --tls-key");
}

} // namespace

void take_url(Config& config, const std::string& value) {
    if (const auto wrong = http::check_url(value))
        throw app::BadValue{"is not the URL of a server: " + *wrong, http::shown_url(value)};
    for (const std::string& url : config.influx_urls)
        if (http::canonical_url(url) == http::canonical_url(value))
            throw app::BadValue{"is given twice; expected another server"};
    config.influx_urls.push_back(value);
}

void take_header(Config& config, const std::string& value) {
    // Its value may be a secret.
    const auto colon = value.find(':');
    if (const auto wrong = influx::check_header(value))
        throw app::BadValue{*wrong, colon == std::string::npos ? "***" : value.substr(0, colon) + ": ***"};
    config.influx_headers.push_back(value);
}

void take_proxy(Config& config, const std::string& value) {
    if (const auto wrong = http::check_proxy(value))
        throw app::BadValue{"is not the URL of a proxy: " + *wrong, http::shown_url(value)};
    config.influx_proxy = value;
}

void take_tls_ca(Config& config, const std::string& value) {
    config.tls_ca = checked_file(value, &http::check_certificates);
}

void take_tls_cert(Config& config, const std::string& value) {
    config.tls_cert = checked_file(value, &http::check_certificate_file);
}

void take_tls_key(Config& config, const std::string& value) {
    config.tls_key = checked_file(value, &http::check_key_file);
}

void check_influx_options(const Config& config) {
    if (!config.influx_password.empty() && config.influx_user.empty())
        refuse("influx-password-file", "a password is given (here, or in the folder credentials beside the "
                                       "settings) but no user; expected --influx-user as well");
    check_api(config);
    check_tls(config);
    const bool own_authorization = std::ranges::any_of(config.influx_headers, [](const std::string& header) {
        return influx::header_name(header) == "authorization";
    });
    if (own_authorization && (!config.influx_token.empty() || !config.influx_user.empty()))
        refuse(
            "influx-header",
            "'Authorization' is set already by --influx-token-file or --influx-user; leave one of them out");
}

} // namespace lxcmon::push
