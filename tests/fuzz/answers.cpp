// SPDX-License-Identifier: GPL-2.0-or-later
// A server's answer, from the bytes of the socket to what the agent makes of it. The first two bytes are the
// status of an answer with this text as its body and headers.
#include "fuzz/support.hpp"

#include "http/answer_reader.hpp"
#include "http/failure.hpp"
#include "http/retry_after.hpp"
#include "influx/answer_text.hpp"
#include "influx/api.hpp"
#include "influx/judge.hpp"
#include "influx/query.hpp"

#include <cstring>

using namespace lxcmon;
using fuzz::require;

namespace {

const std::vector<std::string> secrets{"s3cr"};

void check(const http::Reply& reply) {
    require(reply.body.size() <= http::kept_body_bytes, "the body is bounded");
    const influx::Judgement judgement = influx::judge(reply, 1'700'000'000, secrets);
    const deliver::Verdict& verdict = judgement.verdict;
    const std::string_view body = reply.body;
    const auto begin = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    const bool is_web_page = begin != std::string_view::npos && body[begin] == '<';
    const bool is_good = reply.failure.empty() && reply.status >= 200 && reply.status < 300 && !is_web_page;
    require((verdict.outcome == deliver::Outcome::delivered) == is_good,
            "delivered means 2xx, and no web page", verdict.message);
    require(verdict.message.empty() == is_good, "a failure has a message", verdict.message);
    require(fuzz::is_printable(verdict.message) && verdict.message.size() < 2000,
            "a message is printable and short", verdict.message);
    require(verdict.message.find(secrets.front()) == std::string::npos, "a message has no secret",
            verdict.message);
    require(verdict.wait >= std::chrono::seconds(0) && verdict.wait <= http::longest_retry_after,
            "a wait is bounded");
    require(verdict.refused_lines.size() <= influx::most_refused_lines, "the list of lines is bounded");
    for (std::size_t at = 0; at < verdict.refused_lines.size(); ++at)
        require(verdict.refused_lines[at] > (at == 0 ? 0 : verdict.refused_lines[at - 1]),
                "line numbers ascend from 1");
    require(verdict.refused_texts.size() <= influx::most_refused_texts, "the list of texts is bounded");
    for (const std::string& text : verdict.refused_texts)
        require(text.size() <= influx::longest_refused_text_bytes, "a refused text is bounded");
    require(judgement.remedy == influx::Remedy::none || verdict.outcome == deliver::Outcome::settings,
            "a remedy is for settings");
    require(fuzz::is_printable(influx::kind_of(reply).message), "a version is printable");
    static_cast<void>(influx::query_error(reply));
}

http::Reply reply_of(int status, std::string_view text) {
    http::Reply reply;
    reply.status = status;
    const std::string_view first_line = text.substr(0, text.find('\n'));
    switch (status % 4) {
    case 0:
        reply.influx_error = first_line;
        break;
    case 1:
        reply.retry_after = first_line;
        break;
    case 2:
        reply.version = first_line;
        break;
    default:
        reply.location = first_line;
    }
    http::read_body(text, reply);
    return reply;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    http::Reply reply;
    if (http::read_answer(text, reply)) {
        require(reply.status >= 200 && reply.status <= 999, "a final status has three digits");
        check(reply);
    }
    if (size < 2)
        return 0;
    static constexpr std::array statuses{200, 204, 301, 400, 401, 404, 413, 415, 422, 429, 500, 503};
    const int status =
        data[0] % 2 == 0 ? statuses[data[1] % statuses.size()] : 100 + data[0] * 256 % 400 + data[1];
    check(reply_of(status, text.substr(2)));
    http::Reply lines;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t end =
            std::min(rest.size(), rest.find('\n') + (rest.find('\n') == std::string_view::npos ? 0 : 1));
        http::read_head_line(rest.substr(0, end), lines);
        rest.remove_prefix(end);
    }
    http::Failure failure;
    failure.code = data[0];
    failure.os_error = data[1];
    failure.detail = text.substr(2);
    lines.failure = http::describe_failure(failure, "http://server:8086", {});
    check(lines);
    return 0;
}
