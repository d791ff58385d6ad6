#pragma once

#include "http/reply.hpp"
#include "influx/settings.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::influx {

/// In the order of InfluxApi.
inline constexpr std::array<std::string_view, 4> api_names{"auto", "v1", "v2", "v3"};

/// "v1", "v2", "v3"; "auto" for InfluxApi::automatic. And back; nothing for another word.
[[nodiscard]] std::string_view api_name(Api api) noexcept;
[[nodiscard]] std::optional<Api> api_of_name(std::string_view name) noexcept;

/// The write API that the settings alone call for; nothing where the server must be asked.
[[nodiscard]] std::optional<Api> api_of_settings(const Settings& settings) noexcept;

/// What answers to GET /ping, and how it is written to.
struct ServerKind {
    Api api = Api::v1;
    std::string message; ///< "InfluxDB 1.6.7", printable
};

/// InfluxDB 3 says so in a header or in JSON; all else takes the v1 API: 1.x, VictoriaMetrics (which tells
/// no version), and 2.x through its mapping of databases to buckets.
[[nodiscard]] ServerKind kind_of(const http::Reply& ping);

/// Path and query of the write API; `api` is not automatic.
[[nodiscard]] std::string write_path(const Settings& settings, Api api);

/// The header that carries the token; empty without one.
[[nodiscard]] std::string authorization_header(const Settings& settings, Api api);

} // namespace lxcmon::influx
