#pragma once

#include "http/reply.hpp"
#include "influx/settings.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lxcmon::deliver {

/// In the order of InfluxApi.
inline constexpr std::array<std::string_view, 4> api_names{"auto", "v1", "v2", "v3"};

/// "v1", "v2", "v3"; "auto" for InfluxApi::automatic. And back; nothing for another word.
[[nodiscard]] std::string_view api_name(InfluxApi api) noexcept;
[[nodiscard]] std::optional<InfluxApi> api_of_name(std::string_view name) noexcept;

/// The write API that the settings alone call for; nothing where the server must be asked.
[[nodiscard]] std::optional<InfluxApi> api_of_settings(const InfluxSettings& settings) noexcept;

/// What answers to GET /ping, and how it is written to.
struct ServerKind {
    InfluxApi api = InfluxApi::v1;
    std::string words; ///< "InfluxDB 1.6.7", printable
};

/// InfluxDB 3 says so in a header or in JSON; all else takes the v1 API: 1.x, VictoriaMetrics (which tells
/// no version), and 2.x through its mapping of databases to buckets.
[[nodiscard]] ServerKind kind_of(const Reply& ping);

/// Path and query of the write API; `api` is not automatic.
[[nodiscard]] std::string write_path(const InfluxSettings& settings, InfluxApi api);

/// The header that carries the token; empty without one.
[[nodiscard]] std::string authorization_header(const InfluxSettings& settings, InfluxApi api);

} // namespace lxcmon::deliver
