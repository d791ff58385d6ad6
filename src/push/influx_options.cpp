// SPDX-License-Identifier: GPL-2.0-or-later
#include "push/influx_options.hpp"

#include "app/settings/bad_setting.hpp"
#include "app/settings/secret_files.hpp"
#include "influx/api.hpp"
#include "influx/options.hpp"

#include <algorithm>

namespace lxcmon::push {
namespace {

using influx::Api;

[[noreturn]] void refuse(const std::string& option, const std::string& message) {
    throw app::BadSetting("lxcmon-push: --" + option + ": " + message);
}

void check_api(const influx::Settings& settings) {
    const Api api = settings.api;
    if (api == Api::v2 && settings.bucket.empty())
        refuse("influx-api", "'v2' needs --influx-bucket as well");
    if (api == Api::v2 && settings.org.empty())
        refuse("influx-api", "'v2' needs --influx-org as well");
    const bool other_api = api == Api::v1 || api == Api::v3;
    if (other_api && !settings.bucket.empty())
        refuse("influx-api", "'" + std::string(influx::api_name(api)) +
                                 "' has no buckets; remove --influx-bucket, or choose v2 or auto");
    if (settings.retention_policy.empty())
        return;
    if (api == Api::v2 || api == Api::v3)
        refuse("influx-rp", "only InfluxDB 1.x has retention policies; remove it, or choose --influx-api v1");
    if (!settings.bucket.empty())
        refuse("influx-rp",
               "the v2 API, which --influx-bucket selects, has no retention policies; remove one "
               "of the two options");
}

/// The certificate file may hold the key, which is a secret.
void check_readers(const Config& config) {
    const std::string& path = config.destinations.influx.http.tls.cert;
    if (path.empty() || config.allow_readable_secrets || !config.destinations.influx.http.tls.key.empty())
        return;
    if (const auto readers = app::find_readers(path))
        refuse("tls-cert", "'" + path + "', which holds a secret, " + *readers +
                               " (--allow-readable-secrets accepts it)");
}

void check_tls(const influx::Settings& settings) {
    if (settings.http.tls.cert.empty() && !settings.http.tls.key.empty())
        refuse("tls-key", "needs --tls-cert as well");
    if (!settings.http.tls.cert.empty() && !influx::has_private_key(settings))
        refuse("tls-cert", "'" + settings.http.tls.cert + "' holds no private key; give it with --tls-key");
}

} // namespace

void check_influx_options(const Config& config) {
    const influx::Settings& settings = config.destinations.influx;
    if (!settings.http.password.empty() && settings.http.user.empty())
        refuse("influx-password-file", "a password is set (here or in the credentials folder), but no user; "
                                       "set --influx-user as well");
    check_api(settings);
    check_tls(settings);
    check_readers(config);
    const bool own_authorization = std::ranges::any_of(settings.headers, [](const std::string& header) {
        return influx::header_name(header) == "authorization";
    });
    if (own_authorization && (!settings.token.empty() || !settings.http.user.empty()))
        refuse("influx-header",
               "'Authorization' is set already by --influx-token-file or --influx-user; remove one of them");
}

} // namespace lxcmon::push
