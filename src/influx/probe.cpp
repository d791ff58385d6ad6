// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/clock_reading.hpp"
#include "http/url.hpp"
#include "influx/api.hpp"
#include "influx/client.hpp"
#include "influx/error_form.hpp"
#include "influx/query.hpp"
#include "text/counted.hpp"
#include "text/lines.hpp"
#include "text/printable.hpp"

#include <ctime>

namespace lxcmon::influx {

namespace {

bool is_good(const http::Reply& reply) noexcept {
    return reply.failure.empty() && reply.has_good_status() && !is_web_page(reply);
}

/// True if no credentials can mend it: the server has a problem, or another program has answered.
bool is_servers_trouble(const Judgement& judged) noexcept {
    using deliver::Outcome;
    const Outcome outcome = judged.verdict.outcome;
    return judged.unknown_form || outcome == Outcome::retry || outcome == Outcome::server_error ||
           outcome == Outcome::too_large || outcome == Outcome::limited || outcome == Outcome::partial;
}

} // namespace

std::vector<Finding> Client::probe() {
    std::vector<Finding> findings;
    findings.push_back(probe_server());
    if (!findings.front().ok)
        return findings;
    if (probe_by_writing(findings) && !settings_.probe_points.empty())
        findings.push_back(probe_delivery());
    return findings;
}

/// Chooses the API if the server answers.
Finding Client::probe_server() {
    const http::Reply reply = http_.exchange(request("/ping"));
    if (!reply.failure.empty())
        return {"server", false, verdict_of(reply).message};
    // A server that requires credentials for /ping exists too; the next check tests the credentials.
    if (!is_good(reply) && reply.status != 401 && reply.status != 403)
        return {"server", false,
                name_ + ": no InfluxDB answers at this URL (" + verdict_of(reply).message + ")"};
    const ServerKind kind = kind_of(reply);
    api_ = api_of_settings(settings_).value_or(kind.api);
    const char* why = settings_.api != Api::automatic       ? "set by --influx-api"
                      : !settings_.bucket.empty()           ? "because a bucket is set"
                      : !settings_.retention_policy.empty() ? "because a retention policy is set"
                                                            : "detected from the server";
    return {"server", true,
            name_ + ": " + kind.message + "; using the " + std::string(api_name(*api_)) + " write API, " +
                why};
}

std::string Client::caller() const {
    if (!settings_.token.empty())
        return "the token";
    return settings_.http.user.empty() ? "requests without a user or token"
                                       : "user \"" + text::printable(settings_.http.user) + "\"";
}

/// Says whether the clocks agree, if the answer tells. False if they do not.
bool Client::probe_clock(const http::Reply& reply, std::vector<Finding>& findings) const {
    const auto clock = http::read_clock(reply);
    if (!clock)
        return true;
    findings.push_back({"clock", !clock->is_off,
                        name_ + ": " +
                            (clock->is_off ? http::describe(*clock) + ": synchronize both (timedatectl)"
                                           : "the clock of this host and the server's agree")});
    return !clock->is_off;
}

/// True if a point can be written now, with the right time.
bool Client::probe_by_writing(std::vector<Finding>& findings) {
    // An empty write requires only the right to write; a write-only token may not list buckets. The server
    // checks user, database and retention policy before the body: 400 to an empty body means that all are
    // good.
    http::Request write = request(write_path(settings_, *api_));
    write.post = true;
    const http::Reply reply = http_.exchange(write);
    const bool clocks_agree = probe_clock(reply, findings);
    const Judgement judged = judge(reply, std::time(nullptr), secrets_);
    const deliver::Verdict& verdict = judged.verdict;
    const bool v2 = api_ == Api::v2;
    const std::string place = v2 ? "bucket \"" + text::printable(settings_.bucket) + "\""
                                 : "database \"" + text::printable(settings_.database) + "\"";
    if (verdict.outcome == deliver::Outcome::delivered || verdict.outcome == deliver::Outcome::refused) {
        findings.push_back({"credentials", true, name_ + ": " + caller() + " may write"});
        findings.push_back(
            {"database", true,
             place + (api_ == Api::v3 ? " exists, or the server creates it at the first write" : " exists")});
        return clocks_agree;
    }
    if (is_servers_trouble(judged)) {
        findings.push_back({"server", false, name_ + ": " + verdict.message});
        return false;
    }
    // 500: the retention policy does not exist.
    const bool is_place = verdict.status == 404 || verdict.status == 500;
    findings.push_back(
        {"credentials", is_place,
         name_ + ": " + (is_place ? "the server accepts " + caller() : caller() + ": " + verdict.message)});
    if (is_place && judged.remedy == Remedy::create_database && api_ == Api::v1)
        findings.push_back(probe_missing_database());
    else if (is_place)
        findings.push_back({"database", false, place + ": " + verdict.message});
    return false;
}

/// Makes no database: a name with a typing error would stay on the server.
Finding Client::probe_missing_database() {
    const std::string missing = "database \"" + text::printable(settings_.database) + "\" does not exist";
    if (!settings_.retention_policy.empty())
        return {"database", false,
                missing + ", and a new one has no retention policy \"" +
                    text::printable(settings_.retention_policy) + "\": create both on the server"};
    if (!settings_.create_database)
        return {"database", false, missing + ": create it on the server"};
    // It requires the same right as CREATE DATABASE.
    const http::Reply reply = http_.exchange(request("/query?q=SHOW%20USERS"));
    const std::string wrong = is_good(reply) ? query_error(reply) : verdict_of(reply).message;
    if (wrong.empty())
        return {"database", true, missing + " yet; the first write creates it"};
    return {"database", false,
            missing + ", and " + caller() + " may not create it (" +
                text::printable(text::redacted(wrong, secrets_)) +
                "); create it on the server, or use an admin user"};
}

/// Limits of the server and its retention policy, and a wrong clock, show only then.
Finding Client::probe_delivery() {
    const deliver::Verdict verdict = send(settings_.probe_points);
    const std::string points = text::counted(text::count_lines(settings_.probe_points), "point");
    if (verdict.outcome == deliver::Outcome::delivered)
        return {"delivery", true, name_ + " has stored " + points};
    return {"delivery", false,
            name_ + " has not stored " + points + ", one of each measurement: " + verdict.message};
}

} // namespace lxcmon::influx
