// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/judge.hpp"

#include "influx/answer_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::influx;
using std::chrono::seconds;

namespace {

constexpr std::time_t now = 784111777; // Sun, 06 Nov 1994 08:49:37 GMT

http::Reply answered(int status, std::string body = {}) {
    http::Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

std::string message(const http::Reply& reply) {
    return read_answer_text(reply).message();
}

deliver::Outcome outcome(int status, std::string body = {}) {
    return judge(answered(status, std::move(body)), now).verdict.outcome;
}

Remedy remedy(int status, std::string body = {}) {
    const Judgement judged = judge(answered(status, std::move(body)), now);
    CHECK((judged.remedy == Remedy::none || judged.verdict.outcome == deliver::Outcome::settings));
    return judged.remedy;
}

} // namespace

TEST_CASE("each row of the table in docs/protocol.md") {
    SUBCASE("any 2xx is delivered") {
        for (const int status : {200, 202, 204, 299})
            CHECK(outcome(status) == deliver::Outcome::delivered);
        CHECK(judge(answered(204), now).verdict.message.empty());
    }
    SUBCASE("a failure of the exchange is retried, whatever the status") {
        http::Reply reply = answered(204);
        reply.failure = "connection refused";
        const deliver::Verdict verdict = judge(reply, now).verdict;
        CHECK(verdict.outcome == deliver::Outcome::retry);
        CHECK(verdict.status == 0);
        CHECK(verdict.message == "connection refused");
    }
    SUBCASE("busy servers are retried") {
        for (const int status : {408, 429, 502, 503, 504})
            CHECK(outcome(status) == deliver::Outcome::retry);
    }
    SUBCASE("500") {
        CHECK(outcome(500, R"({"error":"engine: write"})") == deliver::Outcome::server_error);
    }
    SUBCASE("500 for an unknown retention policy is a matter of settings") {
        const deliver::Verdict verdict =
            judge(answered(500, R"({"error":"retention policy not found: x"})"), now).verdict;
        CHECK(verdict.outcome == deliver::Outcome::settings);
        CHECK(verdict.message.find("check the retention policy") != std::string::npos);
    }
    SUBCASE("413") {
        CHECK(outcome(413) == deliver::Outcome::limited);
    }
    SUBCASE("400 and 422 with partial write are partly stored") {
        CHECK(outcome(400, R"({"error":"partial write: field type conflict dropped=1"})") ==
              deliver::Outcome::partial);
        CHECK(outcome(422, R"({"code":"invalid","message":"failure writing: partial write: x dropped=3"})") ==
              deliver::Outcome::partial);
    }
    SUBCASE("500 for points that the server never takes is a partial write (2.0)") {
        const deliver::Verdict verdict =
            judge(
                answered(
                    500,
                    R"({"code":"internal error","message":"unexpected error writing points to database: partial write: points beyond retention policy dropped=3"})"),
                now)
                .verdict;
        CHECK(verdict.outcome == deliver::Outcome::partial);
        CHECK(verdict.dropped_lines == 3);
        CHECK(verdict.message.ends_with("dropped=3"));
        for (const char* error : {"partial write: engine: disk full dropped=3",
                                  "engine: a,n=partial write: points beyond retention policy dropped=1",
                                  "unexpected error writing points to database: m,n=partial write: points "
                                  "beyond retention policy"})
            CHECK(outcome(500, std::string(R"({"error":")") + error + "\"}") ==
                  deliver::Outcome::server_error);
    }
    SUBCASE("other 400 and 422 stored nothing") {
        CHECK(outcome(400, R"({"error":"field type conflict: input field"})") == deliver::Outcome::refused);
        CHECK(outcome(422, R"({"code":"unprocessable entity","message":"outside retention"})") ==
              deliver::Outcome::refused);
    }
    SUBCASE("400 and 422 that no line causes are a matter of settings") {
        for (
            const char* body :
            {"Client sent an HTTP request to an HTTPS server.\n",
             "<html><center>The plain HTTP request was sent to HTTPS port</center></html>",
             "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.</p>",
             R"(remoteAddr: "10.0.0.1:1"; requestURI: /api/v3/write_lp; unsupported path requested: "/api/v3/write_lp")",
             R"({"code":"invalid","message":"Please provide either orgID or org"})",
             R"({"error":"db name did not start with a number or letter","data":null})",
             R"({"error":"invalid character in database or rp name: must be ASCII"})",
             R"({"error":"Authorization header was malformed, the request was not in the form of"})",
             "serde error: unknown variant `nanosecond`",
             R"({"error":"Adding a new database would exceed limit of 5 databases"})",
             R"({"error":"partial write of line protocol occurred","data":[{"line_number":1,"error_message":"Adding a new database would exceed limit of 5 databases"}]})"}) {
            CAPTURE(std::string(body));
            CHECK(outcome(400, body) == deliver::Outcome::settings);
            CHECK(outcome(422, body) == deliver::Outcome::settings);
        }
    }
    SUBCASE("InfluxDB 3 uses 500 in place of 413") {
        CHECK(outcome(500, "max request size (10485760 bytes) exceeded") == deliver::Outcome::too_large);
    }
    SUBCASE("404: a missing database is distinguished from other resources") {
        CHECK(remedy(404, R"({"error":"database not found: \"lxc\""})") == Remedy::create_database);
        CHECK(remedy(404, "404 page not found") == Remedy::none);
        CHECK(outcome(404, "404 page not found") == deliver::Outcome::settings);
        CHECK(outcome(404, R"({"code":"not found","message":"bucket \"b\" not found"})") ==
              deliver::Outcome::settings);
    }
    SUBCASE("wrong settings") {
        for (const int status : {401, 403, 405})
            CHECK(outcome(status) == deliver::Outcome::settings);
    }
    SUBCASE("415") {
        CHECK(remedy(415) == Remedy::stop_compressing);
    }
    SUBCASE("a status that is not in the table keeps the data") {
        for (const int status : {301, 307, 402, 407, 410, 451})
            CHECK(outcome(status) == deliver::Outcome::settings);
        for (const int status : {501, 507, 599})
            CHECK(outcome(status) == deliver::Outcome::retry);
    }
}

TEST_CASE("text that a server repeats from a line decides nothing: it may come from a container") {
    for (const char* message :
         {"partial write: x", "Client sent an HTTP request to an HTTPS server", "serde error"})
        CHECK(outcome(400, "{\"error\":\"unable to parse 'lxc_x,c=" + std::string(message) +
                               " v=1': bad\"}") == deliver::Outcome::refused);
    CHECK(outcome(500, R"({"error":"unable to parse 'retention policy not found'"})") ==
          deliver::Outcome::server_error);
    CHECK(remedy(404, R"({"error":"unable to parse 'database not found'"})") == Remedy::none);
    CHECK(
        outcome(400, R"({"error":"failed","data":[{"error_message":"trailing content: partial write"}]})") ==
        deliver::Outcome::refused);
}

TEST_CASE("Retry-After") {
    const auto wait = [](std::string header) {
        http::Reply reply = answered(503);
        reply.retry_after = std::move(header);
        return judge(reply, now).verdict.wait;
    };
    CHECK(wait("") == seconds(0));
    CHECK(wait("7") == seconds(7));
    CHECK(wait("601") == seconds(600));
    CHECK(wait("99999999999999999999999999") == seconds(600));
    CHECK(wait("-5") == seconds(0));
    CHECK(wait("soon") == seconds(0));
    CHECK(wait("Sun, 06 Nov 1994 08:50:07 GMT") == seconds(30));
    CHECK(wait("Sun, 06 Nov 1994 08:49:00 GMT") == seconds(0));
    CHECK(wait("Sun, 06 Nov 2094 08:49:37 GMT") == seconds(600));
}

TEST_CASE("the count of lines lost in a partial write") {
    const auto dropped = [](std::string body) {
        return judge(answered(400, std::move(body)), now).verdict.dropped_lines;
    };
    CHECK(dropped(R"({"error":"partial write: field type conflict: x dropped=12"})") == 12);
    // 1.6.7 reports dropped=0 for lines that it can't parse.
    CHECK(
        dropped(
            R"({"error":"partial write: unable to parse 'a': missing fields\nunable to parse 'b': bad dropped=0"})") ==
        2);
    CHECK(
        dropped(
            R"({"error":"partial write of line protocol occurred","data":[{"error_message":"e"},{},{}]})") ==
        3);
    CHECK(dropped(R"({"error":"partial write: something"})") == std::nullopt);
    CHECK(dropped(R"({"error":"partial write: dropped=x"})") == std::nullopt);
    // A container's text, such as a mount point in the value of a tag, is no count.
    CHECK(
        dropped(
            R"({"error":"partial write: max-values-per-tag limit exceeded (3/3): measurement=\"m\" tag=\"path\" value=\"dropped=99 unable to parse 'a unable to parse 'b\" dropped=1"})") ==
        1);
    CHECK(dropped(R"({"error":"partial write: value=\"dropped=99\" is bad"})") == std::nullopt);
}

TEST_CASE("v3: which lines were refused") {
    const auto lines = [](std::string body, int status = 400) {
        return judge(answered(status, std::move(body)), now).verdict.refused_lines;
    };
    using Lines = std::vector<std::size_t>;
    const std::string begin = R"({"error":"partial write of line protocol occurred","data":[)";
    CHECK(
        lines(
            begin +
            R"({"original_line":"b","line_number":7,"error_message":"e"},{"line_number":2},{"line_number":7}]})") ==
        Lines{2, 7});
    CHECK(lines(begin + R"({"line_number":3}]})", 422) == Lines{3});
    CHECK(
        lines(
            R"({"error":"partial write of line protocol occurred","data":{"line_number":4,"error_message":"e"}})") ==
        Lines{4});
    // Only integers from 1, only in `data`; a list that was cut off counts up to the cut.
    CHECK(
        lines(
            begin +
            R"({"line_number":0},{"line_number":-1},{"line_number":1.5},{"line_number":"6"},{"x":{"line_number":8}}]})")
            .empty());
    CHECK(lines(R"({"line_number":9,"error":"partial write","other":[{"line_number":9}]})").empty());
    CHECK(lines(begin + R"({"line_number":5,"error_message":"e"},{"line_number":6,"error_m)") == Lines{5, 6});
    std::string many = begin;
    for (int number = 1; number < 30'000; ++number)
        many += "{\"line_number\":" + std::to_string(number) + "},";
    CHECK(lines(many).size() == most_refused_lines);
    // Nothing was stored, so this is no partial write.
    CHECK(
        lines(
            R"({"error":"parsing failed for write_lp endpoint","data":{"line_number":2,"error_message":"e"}})")
            .empty());
}

TEST_CASE("v1: the texts of the lines that were refused") {
    const auto texts = [](std::string body) {
        return judge(answered(400, std::move(body)), now).verdict.refused_texts;
    };
    using Texts = std::vector<std::string>;
    // A message of 1.6.7; a line may contain quotes.
    CHECK(
        texts(
            R"({"error":"partial write: unable to parse 'b v= 2': missing field value\nunable to parse 'c,t=it's s=\"q': x\",v=3 x': bad timestamp dropped=0"})") ==
        Texts{"b v= 2", "c,t=it's s=\"q': x\",v=3 x"});
    CHECK(texts(R"({"error":"partial write: field type conflict: x dropped=1"})").empty());
    CHECK(texts(R"({"error":"unable to parse 'b v= 2': nothing was stored"})") == Texts{"b v= 2"});
    CHECK(texts(R"({"error":"partial write: unable to parse 'no end"})").empty());
    std::string many = R"({"error":"partial write: )";
    for (int number = 0; number < 100; ++number)
        many += "unable to parse 'x" + std::to_string(number) + "': why\\n";
    CHECK(texts(many + "\"}").size() == most_refused_texts);
    CHECK(texts("partial write: unable to parse '" + std::string(longest_refused_text_bytes, 'x') + "': why")
              .size() == 1);
    CHECK(texts("partial write: unable to parse '" + std::string(longest_refused_text_bytes + 1, 'x') +
                "': why")
              .empty());
}

TEST_CASE("v1, v2: the field of a type conflict") {
    const auto conflict = [](const std::string& error) {
        return judge(answered(400, R"({"error":)" + error + "}"), now).verdict.type_conflict;
    };
    const auto found = conflict(
        R"("partial write: field type conflict: input field \"usage\" on measurement \"lxc_cpu\" is type float, already exists as type integer dropped=1")");
    REQUIRE(found);
    CHECK(found->measurement == "lxc_cpu");
    CHECK(found->field == "usage");
    CHECK(found->type == "float");
    CHECK_FALSE(conflict(R"("partial write: field type conflict: x dropped=1")"));
    CHECK_FALSE(conflict(R"("partial write: points beyond retention policy dropped=1")"));
    // Nothing was stored, so the bad lines are searched for.
    CHECK_FALSE(conflict(
        R"("field type conflict: input field \"u\" on measurement \"m\" is type float, already exists as type integer")"));
}

TEST_CASE("the server's message, in each form that servers use") {
    CHECK(message(answered(400, R"({"error":"v1 message"})")) == "v1 message");
    CHECK(message(answered(400, R"({"code":"invalid","message":"v2 message"})")) == "v2 message");
    CHECK(message(answered(400, R"({"error":"v3","data":[{"line_number":1,"error_message":"message"}]})")) ==
          "v3: message");
    CHECK(message(answered(400, "plain message")) == "plain message");
    CHECK(message(answered(400, "[1,2")) == "[1,2");
    http::Reply header = answered(400);
    header.influx_error = "header's message";
    CHECK(message(header) == "header's message");
}

TEST_CASE("bodies with unexpected JSON") {
    CHECK(outcome(400, std::string(65536, '[')) == deliver::Outcome::settings);
    CHECK(remedy(404, R"({"error":{"error":"database not found"}})") == Remedy::create_database);
    CHECK(outcome(400, R"({"error":7,"data":[1]})") == deliver::Outcome::settings);
}
