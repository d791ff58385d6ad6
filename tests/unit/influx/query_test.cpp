// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/query.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::influx;

TEST_CASE("the name of a database can't end its quotes") {
    CHECK(create_database_query("lxc") == "CREATE DATABASE \"lxc\"");
    CHECK(create_database_query("a\"; DROP \\x\n") == R"(CREATE DATABASE "a\"; DROP \\x\n")");
}

TEST_CASE("errors and databases in an answer of /query") {
    http::Reply reply;
    reply.status = 200;
    reply.body = R"({"results":[{"statement_id":0}]})";
    CHECK(query_error(reply).empty());
    reply.body = R"({"results":[{"statement_id":0,"error":"not authorized"}]})";
    CHECK(query_error(reply) == "not authorized");
    reply.body = R"({"error":"parse"})";
    CHECK(query_error(reply) == "parse");
}
