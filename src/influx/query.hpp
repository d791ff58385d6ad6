// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/reply.hpp"

#include <string>
#include <string_view>

namespace lxcmon::influx {

/// InfluxQL with the name quoted: no character of the name can end the statement.
[[nodiscard]] std::string create_database_query(std::string_view name);

/// The error in an answer of /query, raw; empty if there is none. A failed statement has status 200 too.
[[nodiscard]] std::string query_error(const http::Reply& reply);

} // namespace lxcmon::influx
