// SPDX-License-Identifier: GPL-2.0-or-later
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
    std::string url;              ///< valid for check_url(); its path is a prefix of the API's
    Api api = Api::automatic;     ///< automatic: v2 if there is a bucket, else as /ping says
    std::string database = "lxc"; ///< v1 and v3
    std::string retention_policy; ///< v1; empty: the default of the database
    std::string token;            ///< instead of user and password
    std::string org;              ///< v2
    std::string bucket;           ///< v2, in place of `database`
    bool gzip = true;
    bool create_database = true;      ///< v1: if the server reports that it does not exist
    std::string probe_points;         ///< lines that Client::probe() writes in the end; empty: none
    std::vector<std::string> headers; ///< "Name: value", sent with each request; the values are secrets
    http::Settings
        http; ///< user, password, proxy (valid for check_proxy()), TLS; the URL decides on the socket
    std::chrono::milliseconds timeout{10'000}; ///< for an exchange, plus 1 s for every 100 KiB of lines

    friend bool operator==(const Settings&, const Settings&) = default;
};

/// Returns the settings if they are valid, else throws std::invalid_argument; the text has no secret.
[[nodiscard]] Settings checked(Settings settings);

/// The error if "Name: value" is not allowed as a header of each request; nullopt if it is. The text does not
/// contain the value.
[[nodiscard]] std::optional<std::string> check_header(std::string_view header);

/// The name of a header, in lower case.
[[nodiscard]] std::string header_name(std::string_view header);

/// Texts that must not appear in a log or an error.
[[nodiscard]] std::vector<std::string> secrets_of(const Settings& settings);

/// `settings.http` with the parts that follow from the token and the URL.
[[nodiscard]] http::Settings http_settings_of(const Settings& settings);

} // namespace lxcmon::influx
