// SPDX-License-Identifier: GPL-2.0-or-later
// A 400 or 422 is about the lines only if the server says so in its own form.
#include "influx/judge.hpp"
#include "influx/query.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>
#include <string>

using namespace lxcmon;
using namespace lxcmon::influx;

namespace {

http::Reply refusal(std::string body, int status = 400) {
    http::Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

deliver::Outcome meaning(std::string body) {
    const deliver::Outcome first = judge(refusal(body), 0).verdict.outcome;
    CHECK(judge(refusal(std::move(body), 422), 0).verdict.outcome == first);
    return first;
}

/// CPU time of this thread.
double cpu_seconds() {
    timespec now{};
    REQUIRE(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// What it costs to read `body` in each way; the least of some tries, since other work slows one down.
double cost_of(const std::string& body) {
    double least = 1e9;
    for (int i = 0; i < 5; ++i) {
        const double begin = cpu_seconds();
        static_cast<void>(judge(refusal(body), 0));
        static_cast<void>(query_error(refusal(body, 200)));
        least = std::min(least, cpu_seconds() - begin);
    }
    return least;
}

/// The list of refused lines that InfluxDB 3 sends.
std::string list_of_lines(int count) {
    std::string body = R"({"error":"partial write of line protocol occurred","data":[)";
    for (int number = 1; number <= count; ++number)
        body += R"({"original_line":"a","line_number":)" + std::to_string(number) +
                R"(,"error_message":"e","more":null},)";
    body.back() = ']';
    return body + "}";
}

std::string repeated(std::string_view part, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes)
        text += part;
    return text;
}

} // namespace

TEST_CASE("an error about a line, in the form of each server") {
    for (const char* body :
         {R"({"error":"unable to parse 'a v=': missing field value"})",
          R"({"error":"field type conflict: input field \"v\" on measurement \"a\" is type float"})",
          R"({"error":"max-values-per-tag limit exceeded (9/9): measurement=\"a\""})",
          R"({"code":"invalid","message":"unable to parse 'a v=': missing field value"})",
          R"({"code":"unprocessable entity","message":"failure writing points to database"})",
          R"({"error":"parsing failed for write_lp endpoint","data":{"line_number":1,"error_message":"e"}})",
          R"({"error":"another error of InfluxDB 3","data":[{"original_line":"a","error_message":"e"}]})",
          R"(remoteAddr: "127.0.0.1:9"; requestURI: /write?db=l; cannot unmarshal InfluxDB line "a v=")",
          "remoteAddr: \"127.0.0.1:9, X-Forwarded-For: 10.0.0.1\"; requestURI: /write?db=l; "
          "cannot read influx line protocol data: too long line: more than 262144 bytes"}) {
        CAPTURE(std::string(body));
        CHECK(meaning(body) == deliver::Outcome::refused);
    }
    CHECK(meaning(R"({"error":"partial write: points beyond retention policy dropped=1"})") ==
          deliver::Outcome::partial);
}

TEST_CASE("InfluxDB's headers make any error its own") {
    for (std::string http::Reply::*header : {&http::Reply::influx_error, &http::Reply::version}) {
        http::Reply reply = refusal(R"({"error":"an error of a later version"})");
        reply.*header = "x";
        CHECK(judge(reply, 0).verdict.outcome == deliver::Outcome::refused);
        reply.body = R"({"error":"db name did not start with a number or letter"})";
        CHECK(judge(reply, 0).verdict.outcome == deliver::Outcome::settings);
    }
}

TEST_CASE("a web page is no answer of a server that stores points, also with status 200") {
    http::Reply reply;
    reply.status = 200;
    for (const std::string body :
         {"<!DOCTYPE html><title>Log in</title>", "\n <html>", "\xef\xbb\xbf<?xml?>"}) {
        CAPTURE(body);
        reply.body = body;
        const Judgement judged = judge(reply, 0);
        CHECK(judged.verdict.outcome == deliver::Outcome::settings);
        CHECK(judged.unknown_form);
        CHECK(judged.verdict.message.starts_with("HTTP 200: "));
        CHECK(judged.verdict.message.find("; a web page, not an answer of InfluxDB") != std::string::npos);
    }
    for (const std::string body : {"", "\n", "{\"version\":\"3\"}", "ok <"}) {
        reply.body = body;
        CHECK(judge(reply, 0).verdict.outcome == deliver::Outcome::delivered);
    }
}

TEST_CASE("any other 400 or 422 keeps the points, with advice") {
    for (const char* body :
         {"", "Bad Request", "400 Bad Request\n", "[1,2", "null", "7",
          "<html><head><title>400 Bad Request</title></head><body><center>nginx</center></body></html>",
          "<html><body>The request was blocked: partial write, unable to parse '</body></html>",
          R"({"error":"Bad Request"})", R"({"message":"bad request"})", R"({"code":400,"message":"no"})",
          R"({"code":"InvalidArgument","message":"no"})", R"({"code":"invalid"})",
          R"({"code":"invalid","error":"no"})", // 2.x has a message with each code
          R"({"error":"blocked by rule 12: partial write"})", R"({"error":{"message":"unable to parse '"}})",
          R"({"timestamp":"2026","status":400,"error":"Bad Request","path":"/write"})",
          R"({"error":"no","data":[1,2]})", R"({"errors":["partial write"]})",
          // VictoriaMetrics has trouble of its own.
          R"(remoteAddr: "127.0.0.1:9"; requestURI: /write; cannot store metrics: partial write)",
          R"(remoteAddr: "127.0.0.1:9"; cannot unmarshal)"}) {
        CAPTURE(std::string(body));
        CHECK(meaning(body) == deliver::Outcome::settings);
        const Judgement judged = judge(refusal(body), 0);
        CHECK(judged.unknown_form);
        CHECK(judged.remedy == Remedy::none);
        CHECK(judged.verdict.message.starts_with("HTTP 400"));
        CHECK(judged.verdict.message.find("check the URL, --influx-proxy") != std::string::npos);
    }
}

TEST_CASE("413: only in a server's own form it is about a line") {
    for (const char* body :
         {"", "<html><center>nginx</center></html>", R"({"error":"Request Entity Too Large"})",
          R"({"code":"too large","message":"no"})", "413 Request Entity Too Large"}) {
        CAPTURE(std::string(body));
        const Judgement judged = judge(refusal(body, 413), 0);
        CHECK(judged.verdict.outcome == deliver::Outcome::limited);
        CHECK(judged.verdict.message.find("raise the size of requests that the proxy allows") !=
              std::string::npos);
    }
    http::Reply first = refusal(R"({"error":"Request Entity Too Large"})", 413);
    first.version = "1.6.7";
    for (const http::Reply& reply :
         {first, refusal(R"({"code":"request too large","message":"points batch is too large"})", 413),
          refusal("max request size (10485760 bytes) exceeded", 413)}) {
        const Judgement judged = judge(reply, 0);
        CHECK(judged.verdict.outcome == deliver::Outcome::too_large);
        CHECK(judged.verdict.message.find("proxy") == std::string::npos);
    }
}

TEST_CASE("a line that VictoriaMetrics repeats decides nothing: it may come from a container") {
    CHECK(meaning(R"(remoteAddr: "1:2"; requestURI: /write; cannot unmarshal InfluxDB line )"
                  R"("a,c=; unsupported path requested v=1")") == deliver::Outcome::refused);
    CHECK(meaning(R"(remoteAddr: "1:2"; requestURI: /api/v3/write_lp; unsupported path requested: "/")") ==
          deliver::Outcome::settings);
}

TEST_CASE("a megabyte of brackets, numbers or text costs less than a list of refused lines") {
    const std::size_t bytes = 900'000;
    const double allowed = cost_of(list_of_lines(5000)) / 2;
    for (const std::string& body :
         {std::string(bytes, '['), repeated("{\"a\":", bytes), "{\"data\":[" + repeated("[", bytes),
          "{\"error\":\"x\",\"data\":[" + repeated("{\"data\":[", bytes), std::string(bytes, 'x'),
          "{\"data\":[" + repeated("0,", bytes), "{\"data\":[" + repeated("[],", bytes),
          repeated("{}", bytes), "{\"data\":[" + repeated("{},", bytes)}) {
        CAPTURE(body.substr(0, 30));
        CHECK(cost_of(body) < allowed);
        CHECK(meaning(body) == deliver::Outcome::settings);
    }
}

TEST_CASE("the list of InfluxDB 3 is read up to its bound, with all fields of each line") {
    const deliver::Verdict verdict = judge(refusal(list_of_lines(5000)), 0).verdict;
    CHECK(verdict.outcome == deliver::Outcome::partial);
    CHECK(verdict.refused_lines.size() == 5000);
    CHECK(verdict.dropped_lines == 5000);
}
