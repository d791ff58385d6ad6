// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/judge.hpp"

#include "http/retry_after.hpp"
#include "influx/answer_text.hpp"
#include "influx/error_form.hpp"
#include "text/printable.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace lxcmon::influx {

namespace {

constexpr std::string_view database_not_found = "database not found";

bool contains(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != std::string_view::npos;
}

/// Points that are older than the server keeps; InfluxDB 2.0 says first where it happened. Text that follows
/// other words may be a container's.
bool is_beyond_retention(std::string_view error) noexcept {
    constexpr std::string_view place = "unexpected error writing points to database: ";
    if (error.starts_with(place))
        error.remove_prefix(place.size());
    return error.starts_with("partial write: points beyond retention policy");
}

deliver::Outcome outcome_of(const http::Reply& reply, const AnswerText& text, Cause cause) noexcept {
    const int status = reply.status;
    const std::string_view error = text.own_message();
    if (reply.has_good_status())
        return cause == Cause::unknown ? deliver::Outcome::settings : deliver::Outcome::delivered;
    switch (status) {
    case 400:
    case 422:
        if (cause != Cause::lines)
            return deliver::Outcome::settings;
        return contains(error, "partial write") ? deliver::Outcome::partial : deliver::Outcome::refused;
    case 408:
    case 429:
        return deliver::Outcome::retry;
    case 413:
        return cause == Cause::lines ? deliver::Outcome::too_large : deliver::Outcome::limited;
    case 500:
        // InfluxDB 3 uses it in place of 413, InfluxDB 1.6.7 for an unknown retention policy, and 2.0 for
        // points that it never takes.
        return error.starts_with("max request size")             ? deliver::Outcome::too_large
               : is_beyond_retention(error)                      ? deliver::Outcome::partial
               : error.starts_with("retention policy not found") ? deliver::Outcome::settings
                                                                 : deliver::Outcome::server_error;
    default:
        // Not in the table: a 5xx may pass, any other status needs a person. The data are kept in both cases.
        return status > 500 && status < 600 ? deliver::Outcome::retry : deliver::Outcome::settings;
    }
}

Remedy remedy_for(int status, const AnswerText& text) noexcept {
    if (status == 404 && contains(text.own_message(), database_not_found))
        return Remedy::create_database;
    return status == 415 ? Remedy::stop_compressing : Remedy::none;
}

/// Proxies, firewalls and web servers use these statuses too: the form of the answer shows its origin.
Cause judge_form(const http::Reply& reply, const AnswerText& text) noexcept {
    if (reply.has_good_status())
        return is_web_page(reply) ? Cause::unknown : Cause::settings;
    const bool is_judged = reply.status == 400 || reply.status == 413 || reply.status == 422;
    return is_judged ? cause_of(reply, text) : Cause::settings;
}

/// What a person can do; empty if there is no advice.
std::string_view advice(const http::Reply& reply, std::string_view error, Cause cause) noexcept {
    const int status = reply.status;
    if (status == 413 && cause != Cause::lines)
        return "not a limit of InfluxDB or VictoriaMetrics: raise the size of requests that the proxy allows "
               "(nginx: client_max_body_size)";
    if (reply.has_good_status())
        return "a web page, not an answer of InfluxDB or VictoriaMetrics: nothing is stored; check the URL, "
               "--influx-proxy and any login page";
    if (cause == Cause::unknown)
        return "not an error of InfluxDB or VictoriaMetrics, another program may have answered: check the "
               "URL, --influx-proxy and any proxy or firewall";
    switch (status) {
    case 400:
        return contains(error, "HTTPS") || contains(error, "SSL-enabled")
                   ? "this port requires https:// in the URL"
               : contains(error, "unsupported path") ? "this server has no such API: check --influx-api"
                                                     : std::string_view();
    case 401:
        return "check the user and password, or the token";
    case 403:
        return "the user or token has no right to write: grant it, or use another one";
    case 404:
        return contains(error, database_not_found)
                   ? "create it on the server (CREATE DATABASE); --influx-create-db is off, or has not worked"
                   : "not found: check the URL, --influx-api, the database, or the organization and bucket";
    case 405:
        return "this URL is not InfluxDB's write API: check its host, port and path";
    case 407:
        return "the proxy requires credentials: set them in http_proxy or https_proxy";
    case 500:
        return error.starts_with("retention policy not found") ? "check the retention policy"
               : is_beyond_retention(error)                    ? std::string_view()
                                                               : "see the server's log";
    default:
        return status >= 300 && status < 400 ? "redirects are not followed: set the final URL"
                                             : std::string_view();
    }
}

/// Ascending, without 0 and duplicates.
std::vector<std::size_t> plausible(std::vector<std::size_t> numbers) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::erase(numbers, std::size_t{0});
    return numbers;
}

std::string message_of(const http::Reply& reply, const AnswerText& text, Cause cause,
                       std::span<const std::string> secrets) {
    std::string error = text.message();
    error.resize(error.find_last_not_of(" \t\r\n") + 1); // plain bodies end in LF
    std::string message = "HTTP " + std::to_string(reply.status);
    if (const std::string clean = text::printable(text::redacted(error, secrets)); !clean.empty())
        message += ": " + clean;
    if (!reply.location.empty() && reply.status < 400)
        message += " to " + text::printable(text::redacted(reply.location, secrets));
    if (const auto hint = advice(reply, text.own_message(), cause); !hint.empty())
        message += std::string("; ").append(hint);
    return message;
}

} // namespace

Judgement judge(const http::Reply& reply, std::time_t now, std::span<const std::string> secrets) {
    Judgement judgement;
    deliver::Verdict& verdict = judgement.verdict;
    if (!reply.failure.empty()) {
        verdict.outcome = deliver::Outcome::retry;
        verdict.message =
            text::printable(text::redacted(reply.failure, secrets), 2 * text::longest_message_bytes);
        return judgement;
    }
    const AnswerText text = read_answer_text(reply);
    verdict.status = reply.status;
    const Cause cause = judge_form(reply, text);
    judgement.unknown_form = cause == Cause::unknown;
    verdict.outcome = outcome_of(reply, text, cause);
    judgement.remedy = remedy_for(reply.status, text);
    if (verdict.outcome == deliver::Outcome::delivered)
        return judgement;
    verdict.wait = http::wait_of(reply.retry_after, now);
    verdict.message = message_of(reply, text, cause, secrets);
    if (verdict.outcome == deliver::Outcome::refused)
        verdict.refused_texts = refused_texts(text);
    if (verdict.outcome == deliver::Outcome::partial) {
        verdict.dropped_lines = dropped_lines(text);
        verdict.refused_lines = plausible(text.line_numbers);
        verdict.refused_texts = refused_texts(text);
        verdict.type_conflict = type_conflict(text);
    }
    return judgement;
}

} // namespace lxcmon::influx
