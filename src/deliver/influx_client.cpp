#include "deliver/influx_client.hpp"

#include "deliver/influx_query.hpp"
#include "deliver/url.hpp"
#include "deliver/words.hpp"

#include <algorithm>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace lxcmon::deliver {

namespace {

std::string without_end_slashes(std::string url) {
    while (url.ends_with('/'))
        url.pop_back();
    return url;
}

std::string write_path(const InfluxSettings& settings) {
    if (settings.bucket.empty())
        return "/write?db=" + percent_encoded(settings.database) + "&precision=ns";
    return "/api/v2/write?org=" + percent_encoded(settings.org) +
           "&bucket=" + percent_encoded(settings.bucket) + "&precision=ns";
}

/// Before anything else is built from them.
InfluxSettings checked(InfluxSettings settings) {
    if (const auto wrong = check_url(settings.url))
        throw std::invalid_argument("the URL of InfluxDB: " + *wrong);
    // A line end in it would start another header.
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(settings.token.begin(), settings.token.end(), control))
        throw std::invalid_argument("the token of InfluxDB: a line end or control byte in it");
    if (settings.user.find(':') != std::string::npos)
        throw std::invalid_argument("the user of InfluxDB: HTTP allows no colon in it");
    return settings;
}

/// A token goes before user and password.
HttpSettings http_settings(const InfluxSettings& settings) {
    if (!settings.token.empty())
        return {{}, {}, settings.connect_timeout};
    return {settings.user, settings.password, settings.connect_timeout};
}

} // namespace

InfluxClient::InfluxClient(InfluxSettings settings)
    : settings_(checked(std::move(settings)))
    , base_(without_end_slashes(settings_.url))
    , write_url_(base_ + write_path(settings_))
    , secrets_{settings_.password, settings_.token}
    , http_(http_settings(settings_)) {
    if (settings_.gzip)
        gzip_.emplace();
}

HttpRequest InfluxClient::request(std::string_view path) const {
    HttpRequest request;
    request.url = base_;
    request.url += path;
    request.timeout = settings_.timeout;
    if (!settings_.token.empty())
        request.headers.push_back("Authorization: Token " + settings_.token);
    return request;
}

Verdict InfluxClient::verdict_of(const Reply& reply) const {
    return judge(reply, std::time(nullptr), secrets_);
}

Verdict InfluxClient::send(std::string_view lines) {
    constexpr std::size_t bytes_a_second = std::size_t{100} * 1024;
    HttpRequest request = this->request({});
    request.url = write_url_;
    request.post = true;
    request.body = lines;
    request.timeout += std::chrono::milliseconds(lines.size() * 1000 / bytes_a_second);
    request.headers.emplace_back("Content-Type: text/plain; charset=utf-8");
    if (gzip_) {
        gzip_->compress(lines, compressed_);
        request.body = compressed_;
        request.headers.emplace_back("Content-Encoding: gzip");
    }
    return verdict_of(http_.exchange(request));
}

Verdict InfluxClient::make_database() {
    const std::string shown = "database \"" + printable(settings_.database) + "\"";
    Verdict verdict{.outcome = Outcome::settings, .status = 404, .words = {}, .dropped_lines = {}};
    if (!settings_.bucket.empty() || !settings_.create_database) {
        verdict.words = shown + " is not there, and the settings say not to make it: make it on the server";
        return verdict;
    }
    const std::string form = "q=" + percent_encoded(create_database_query(settings_.database));
    HttpRequest request = this->request("/query");
    request.post = true;
    request.body = form;
    const Reply reply = http_.exchange(request);
    verdict = verdict_of(reply);
    if (verdict.outcome == Outcome::retry)
        return verdict;
    // The answer is 200 even when it failed.
    const std::string wrong = query_error(reply);
    if (verdict.outcome == Outcome::delivered && wrong.empty())
        return verdict;
    verdict.words = shown + " is not there and can't be made (HTTP " + std::to_string(reply.status) + ": " +
                    printable(redacted(wrong, secrets_)) + "); make it on the server, or use an admin user";
    verdict.outcome = Outcome::settings;
    return verdict;
}

bool InfluxClient::stop_compressing() noexcept {
    const bool was = gzip_.has_value();
    gzip_.reset();
    return was;
}

void InfluxClient::set_deadline(std::chrono::steady_clock::time_point deadline) noexcept {
    http_.set_deadline(deadline);
}

} // namespace lxcmon::deliver
