// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/query.hpp"

#include "influx/answer_text.hpp"

#include <nlohmann/json.hpp>

namespace lxcmon::influx {

namespace {

using nlohmann::json;

/// An answer of /query is short: a longer one is not parsed, because a tree of brackets takes CPU and memory.
constexpr std::size_t longest_query_answer_bytes = std::size_t{64} * 1024;

json parsed_answer(const http::Reply& reply) {
    return reply.body.size() > longest_query_answer_bytes ? json(json::value_t::discarded)
                                                          : json::parse(reply.body, nullptr, false);
}

/// A member of an object; null if there is none. An answer may have any shape.
const json& member(const json& value, const char* key) {
    static const json none;
    if (!value.is_object())
        return none;
    const auto found = value.find(key);
    return found == value.end() ? none : *found;
}

const json& first(const json& value) {
    static const json none;
    return value.is_array() && !value.empty() ? value.front() : none;
}

} // namespace

std::string create_database_query(std::string_view name) {
    std::string query = "CREATE DATABASE \"";
    for (const char c : name) {
        if (c == '"' || c == '\\')
            query += '\\';
        if (c == '\n')
            query += "\\n";
        else
            query += c;
    }
    return query + '"';
}

std::string query_error(const http::Reply& reply) {
    const json body = parsed_answer(reply);
    if (const json& error = member(first(member(body, "results")), "error"); error.is_string())
        return error.get<std::string>();
    return reply.has_good_status() && !member(body, "error").is_string() ? std::string()
                                                                         : read_answer_text(reply).message();
}

} // namespace lxcmon::influx
