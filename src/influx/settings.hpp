#pragma once

#include "http/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::influx {

enum class Api { automatic, v1, v2, v3 };

struct Settings {
    std::string url;              ///< as check_url() wants it; a path is put before the API's
    Api api = Api::automatic;     ///< automatic: v2 where there is a bucket, else as /ping says
    std::string database = "lxc"; ///< v1 and v3
    std::string retention_policy; ///< v1; empty: the database's default
    std::string user;
    std::string password;
    std::string token;  ///< instead of user and password
    std::string org;    ///< v2
    std::string bucket; ///< v2, in place of `database`
    bool gzip = true;
    bool create_database = true;      ///< v1: when the server says that it has none of that name
    std::vector<std::string> headers; ///< "Name: value", sent with each request; the values are secrets
    std::string proxy;                ///< as check_proxy() wants it; empty: what the environment says
    http::TlsSettings tls;
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{10'000}; ///< for an exchange, and 1 s more for every 100 KiB of lines

    friend bool operator==(const Settings&, const Settings&) = default;
};

/// The same settings, once they are found fit for use. Throws std::invalid_argument; the text has no secret.
[[nodiscard]] Settings checked(Settings settings);

/// What is wrong with "Name: value" as a header of each request; nothing where it is good. The text holds
/// nothing of the value.
[[nodiscard]] std::optional<std::string> check_header(std::string_view header);

/// Its name, in lower case.
[[nodiscard]] std::string header_name(std::string_view header);

/// All that must not stand in a log or an error.
[[nodiscard]] std::vector<std::string> secrets_of(const Settings& settings);

[[nodiscard]] http::Settings http_settings_of(const Settings& settings);

} // namespace lxcmon::influx
