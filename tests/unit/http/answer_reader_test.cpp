// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/answer_reader.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon::http;

TEST_CASE("the head of a response") {
    Reply reply;
    read_head_line("HTTP/1.1 100 Continue\r\n", reply);
    read_head_line("Retry-After: 1\r\n", reply);
    read_head_line("HTTP/1.1 503 Busy\r\n", reply);
    CHECK(reply.status == 503);
    CHECK(reply.retry_after.empty());
    read_head_line("RETRY-AFTER:  7 \r\n", reply);
    read_head_line("X-Influxdb-Error: " + std::string(5000, 'e'), reply);
    CHECK(reply.retry_after == "7");
    CHECK(reply.influx_error.size() == 1024);
    for (int block = 0; block < 100; ++block)
        read_body(std::string(100'000, 'b'), reply);
    CHECK(reply.body.size() == kept_body_bytes);
}

TEST_CASE("a whole response") {
    Reply reply;
    CHECK_FALSE(read_answer("garbage", reply));
    CHECK_FALSE(read_answer("HTTP/1.1 100 Continue\r\n\r\n", reply));
    CHECK_FALSE(read_answer("HTTP/1.1\nServer: 503 \n\nbody", reply)); // the status is in the first line only
    CHECK_FALSE(read_answer("HTTP/1.1 503 A\nHTTP/1.1 100 B\n\nbody", reply));
    CHECK(reply.body.empty());
    CHECK(read_answer("HTTP/1.1 413 Too\r\nX-Influxdb-Error: big\r\n\r\nbody\n", reply));
    CHECK(reply.status == 413);
    CHECK(reply.influx_error == "big");
    CHECK(reply.body == "body\n");
}
