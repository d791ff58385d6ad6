// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/reply.hpp"
#include "influx/settings.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::influx {

/// In the order of Api.
inline constexpr std::array<std::string_view, 4> api_names{"auto", "v1", "v2", "v3"};

/// "v1", "v2", "v3", or "auto" for Api::automatic.
[[nodiscard]] std::string_view api_name(Api api) noexcept;
/// The reverse; nullopt for any other text.
[[nodiscard]] std::optional<Api> api_of_name(std::string_view name) noexcept;

/// The write API that the settings require; nullopt if the server must be asked.
[[nodiscard]] std::optional<Api> api_of_settings(const Settings& settings) noexcept;

/// The server that answers GET /ping, and the API to write to it.
struct ServerKind {
    Api api = Api::v1;
    std::string message; ///< "InfluxDB 1.6.7", printable
};

/// InfluxDB 3 gives its version in a header or in JSON. Every other server gets the v1 API: 1.x,
/// VictoriaMetrics (reports no version), and 2.x through its mapping of databases to buckets.
[[nodiscard]] ServerKind kind_of(const http::Reply& ping);

/// Path and query of the write API; `api` must not be automatic.
[[nodiscard]] std::string write_path(const Settings& settings, Api api);

/// The header with the token; empty if there is no token.
[[nodiscard]] std::string authorization_header(const Settings& settings, Api api);

} // namespace lxcmon::influx
