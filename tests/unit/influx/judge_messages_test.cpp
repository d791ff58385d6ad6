// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/judge.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::influx;

namespace {

http::Reply reply_of(int status, std::string body = {}) {
    http::Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

} // namespace

TEST_CASE("messages are safe to log") {
    const deliver::Verdict long_one =
        judge(reply_of(400, "a\r\nb\x1b[31m" + std::string(1000, 'x')), 0).verdict;
    CHECK(long_one.message.starts_with("HTTP 400: a__b_[31mxxx"));
    CHECK(long_one.message.size() < 500);

    const std::vector<std::string> secrets{"hunter22", "tok en"};
    const deliver::Verdict echoed =
        judge(reply_of(401, R"({"error":"no hunter22, no tok en"})"), 0, secrets).verdict;
    CHECK(echoed.message == "HTTP 401: no ***, no ***; check the user and password, or the token");
    http::Reply broken;
    broken.failure = "https://hunter22: no";
    CHECK(judge(broken, 0, secrets).verdict.message == "https://***: no");
}

TEST_CASE("the message about a redirect has its target") {
    http::Reply reply = reply_of(308);
    reply.location = "https://elsewhere/write";
    const deliver::Verdict verdict = judge(reply, 0).verdict;
    CHECK(verdict.outcome == deliver::Outcome::settings);
    CHECK(verdict.message.find("https://elsewhere/write") != std::string::npos);
}
