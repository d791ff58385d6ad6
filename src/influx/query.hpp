#pragma once

#include "http/reply.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::influx {

/// InfluxQL, with the name quoted: what stands in it can't end the statement.
[[nodiscard]] std::string create_database_query(std::string_view name);

/// What /query says is wrong, empty where nothing is: it answers 200 to a statement that failed. Raw.
[[nodiscard]] std::string query_error(const http::Reply& reply);

/// The names in the answer to SHOW DATABASES.
[[nodiscard]] std::vector<std::string> listed_databases(const http::Reply& reply);

} // namespace lxcmon::influx
