// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/url.hpp"
#include "influx/api.hpp"
#include "influx/client.hpp"
#include "influx/error_form.hpp"
#include "influx/query.hpp"
#include "text/printable.hpp"

#include <algorithm>
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
           outcome == Outcome::too_large;
}

} // namespace

std::vector<Finding> Client::probe() {
    std::vector<Finding> findings;
    findings.push_back(probe_server());
    if (!findings.front().ok)
        return findings;
    if (api_ == Api::v1)
        probe_v1(findings);
    else
        probe_by_writing(findings);
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

void Client::probe_v1(std::vector<Finding>& findings) {
    // Any user may ask this; the answer lists the databases that the user may read or write.
    const http::Reply reply = http_.exchange(request("/query?q=SHOW%20DATABASES"));
    const Judgement judged = judge(reply, std::time(nullptr), secrets_);
    const std::string wrong = is_good(reply) ? query_error(reply) : judged.verdict.message;
    const std::string user = !settings_.token.empty() ? "the token"
                             : settings_.http.user.empty()
                                 ? "requests without a user or token"
                                 : "user \"" + text::printable(settings_.http.user) + "\"";
    if (is_servers_trouble(judged)) {
        findings.push_back({"server", false, name_ + ": " + wrong});
        return;
    }
    if (!wrong.empty()) {
        findings.push_back({"credentials", false,
                            name_ + ": " + user + ": " + text::printable(text::redacted(wrong, secrets_))});
        return;
    }
    findings.push_back({"credentials", true, name_ + ": the server accepts " + user});
    const auto names = listed_databases(reply);
    const std::string shown = "\"" + text::printable(settings_.database) + "\"";
    if (std::find(names.begin(), names.end(), settings_.database) != names.end())
        findings.push_back({"database", true, shown + " exists"});
    else if (settings_.create_database)
        findings.push_back({"database", true,
                            shown + " does not exist yet, or is not visible to " + user +
                                "; the first write creates it, which requires an admin user"});
    else
        findings.push_back({"database", false, shown + " does not exist: create it on the server"});
}

void Client::probe_by_writing(std::vector<Finding>& findings) {
    // An empty write requires only the right to write; a write-only token may not list buckets. The server
    // checks the token and the bucket before the body: 400 to an empty body means that both are good.
    http::Request write = request(write_path(settings_, *api_));
    write.post = true;
    const Judgement judged = judge(http_.exchange(write), std::time(nullptr), secrets_);
    const deliver::Verdict& verdict = judged.verdict;
    const bool v2 = api_ == Api::v2;
    const std::string place = v2 ? "bucket \"" + text::printable(settings_.bucket) + "\""
                                 : "database \"" + text::printable(settings_.database) + "\"";
    if (verdict.outcome == deliver::Outcome::delivered || verdict.outcome == deliver::Outcome::refused) {
        findings.push_back({"credentials", true, name_ + ": may write"});
        findings.push_back(
            {"database", true,
             place + (v2 ? " exists" : " exists, or the server creates it at the first write")});
        return;
    }
    if (is_servers_trouble(judged)) {
        findings.push_back({"server", false, name_ + ": " + verdict.message});
        return;
    }
    const bool token_is_good = verdict.status == 404;
    findings.push_back(
        {"credentials", token_is_good, name_ + ": " + (token_is_good ? "accepted" : verdict.message)});
    if (token_is_good)
        findings.push_back({"database", false, place + ": " + verdict.message});
}

} // namespace lxcmon::influx
