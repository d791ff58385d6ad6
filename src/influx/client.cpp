// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/client.hpp"

#include "http/url.hpp"
#include "influx/api.hpp"
#include "influx/query.hpp"
#include "text/printable.hpp"
#include "text/same_kind.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace lxcmon::influx {

namespace {

std::string without_end_slashes(std::string url) {
    while (url.ends_with('/'))
        url.pop_back();
    return url;
}

/// Removes line numbers beyond the lines that were sent: the server's list is untrusted.
void keep_plausible(deliver::Verdict& verdict, std::string_view lines) {
    if (verdict.refused_lines.empty())
        return;
    const auto count = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    std::erase_if(verdict.refused_lines, [count](std::size_t number) { return number > count; });
}

} // namespace

Client::Client(Settings settings)
    : settings_(checked(std::move(settings)))
    , name_(without_end_slashes(settings_.url))
    , base_(http::unix_socket_path(settings_.url) ? "http://localhost" : name_)
    , secrets_(secrets_of(settings_))
    , http_(http_settings_of(settings_))
    , clock_(name_)
    , api_(api_of_settings(settings_)) {
    if (settings_.gzip)
        gzip_.emplace();
}

http::Request Client::request(std::string_view path) const {
    http::Request request;
    request.url = base_;
    request.url += path;
    request.timeout = settings_.timeout;
    request.headers = settings_.headers;
    if (std::string header = authorization_header(settings_, api_.value_or(Api::v1)); !header.empty())
        request.headers.push_back(std::move(header));
    return request;
}

deliver::Verdict Client::verdict_of(const http::Reply& reply) const {
    return judge(reply, std::time(nullptr), secrets_).verdict;
}

/// Asks the server. Returns nullopt if the API is chosen, else the reason why not.
std::optional<deliver::Verdict> Client::choose_api() {
    const http::Reply reply = http_.exchange(request("/ping"));
    const Judgement judged = judge(reply, std::time(nullptr), secrets_);
    deliver::Verdict verdict = judged.verdict;
    if (verdict.outcome == deliver::Outcome::retry || verdict.outcome == deliver::Outcome::server_error) {
        verdict.outcome = deliver::Outcome::retry; // no line was sent, so no line can be the cause
        return verdict;
    }
    // The request did not reach InfluxDB: a proxy requires credentials, or http was sent to an https port.
    if (verdict.outcome == deliver::Outcome::settings && !judged.unknown_form &&
        (verdict.status == 400 || verdict.status == 407))
        return verdict;
    // If /ping is refused, the answer to the write explains it better.
    const ServerKind kind = kind_of(reply);
    api_ = kind.api;
    std::string choice =
        name_ + (judged.unknown_form ? "/ping: " + verdict.message + "; " : " is " + kind.message + ": ") +
        "using the " + std::string(api_name(kind.api)) + " write API";
    // A proxy's answer may have the number of the request.
    if (judged.unknown_form ? !text::same_kind(choice, logged_choice_) : choice != logged_choice_)
        spdlog::info("{}", choice);
    logged_choice_ = std::move(choice);
    return std::nullopt;
}

deliver::Verdict Client::send(std::string_view lines) {
    if (!api_)
        if (auto no_choice = choose_api())
            return std::move(*no_choice);
    Judgement judged = write(lines);
    // Each remedy helps once at most.
    for (;;) {
        if (judged.remedy == Remedy::stop_compressing && gzip_) {
            stop_compressing();
        } else if (judged.remedy == Remedy::create_database && !database_tried_) {
            deliver::Verdict created = create_database();
            database_tried_ = created.outcome != deliver::Outcome::retry;
            if (created.outcome != deliver::Outcome::delivered) {
                created.status = judged.verdict.status; // of the write: the query's may be 200
                return created;
            }
        } else {
            break;
        }
        judged = write(lines);
    }
    // The database exists now. If it is lost later, for example with its server, it is created again.
    const auto outcome = judged.verdict.outcome;
    if (outcome == deliver::Outcome::delivered || outcome == deliver::Outcome::partial)
        database_tried_ = false;
    // Another server with another API may have replaced this one.
    if (outcome == deliver::Outcome::settings && judged.remedy == Remedy::none)
        api_ = api_of_settings(settings_);
    return std::move(judged.verdict);
}

Judgement Client::write(std::string_view lines) {
    constexpr std::size_t bytes_a_second = std::size_t{100} * 1024;
    http::Request request = this->request(write_path(settings_, *api_));
    request.post = true;
    request.body = lines;
    request.timeout += std::chrono::milliseconds(lines.size() * 1000 / bytes_a_second);
    request.headers.emplace_back("Content-Type: text/plain; charset=utf-8");
    if (gzip_) {
        gzip_->compress(lines, compressed_);
        request.body = compressed_;
        request.headers.emplace_back("Content-Encoding: gzip");
    }
    const http::Reply reply = http_.exchange(request);
    clock_.answered(reply);
    Judgement judged = judge(reply, std::time(nullptr), secrets_);
    keep_plausible(judged.verdict, lines);
    return judged;
}

void Client::stop_compressing() {
    spdlog::info("{} does not accept gzip (HTTP 415): sending to it without compression from now on", name_);
    gzip_.reset();
}

/// Outcome::delivered if the database exists now; Outcome::retry if no server answered.
deliver::Verdict Client::create_database() {
    const std::string shown = "database \"" + text::printable(settings_.database) + "\"";
    deliver::Verdict verdict;
    verdict.outcome = deliver::Outcome::settings;
    verdict.status = 404;
    if (!settings_.create_database) {
        verdict.message = shown + " does not exist, and --influx-create-db is off: create it on the server";
        return verdict;
    }
    if (api_.value_or(Api::v1) != Api::v1) {
        verdict.message = "the database or bucket does not exist: create it on the server";
        return verdict;
    }
    const std::string form = "q=" + http::percent_encoded(create_database_query(settings_.database));
    http::Request request = this->request("/query");
    request.post = true;
    request.body = form;
    const http::Reply reply = http_.exchange(request);
    verdict = verdict_of(reply);
    if (verdict.outcome == deliver::Outcome::retry)
        return verdict;
    // The status is 200 even if the statement failed.
    const std::string wrong = query_error(reply);
    if (verdict.outcome == deliver::Outcome::delivered && wrong.empty()) {
        spdlog::info("{} had no {}: it is created", name_, shown);
        return verdict;
    }
    verdict.message = shown + " does not exist and can't be created (HTTP " + std::to_string(reply.status) +
                      ": " + text::printable(text::redacted(wrong, secrets_)) +
                      "); create it on the server, or use an admin user";
    verdict.outcome = deliver::Outcome::settings;
    return verdict;
}

void Client::set_deadline(std::chrono::steady_clock::time_point deadline) noexcept {
    http_.set_deadline(deadline);
}

} // namespace lxcmon::influx
