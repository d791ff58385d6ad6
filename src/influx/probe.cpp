#include "http/url.hpp"
#include "influx/api.hpp"
#include "influx/client.hpp"
#include "influx/query.hpp"
#include "text/printable.hpp"

#include <algorithm>

namespace lxcmon::influx {

namespace {

bool is_good(const http::Reply& reply) noexcept {
    return reply.failure.empty() && reply.status >= 200 && reply.status < 300;
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

/// Leaves the API chosen, where the server is good.
Finding Client::probe_server() {
    const http::Reply reply = http_.exchange(request("/ping"));
    if (!reply.failure.empty())
        return {"server", false, verdict_of(reply).message};
    // A server that wants credentials for /ping is there too; whether ours are good comes next.
    if (!is_good(reply) && reply.status != 401 && reply.status != 403)
        return {"server", false, name_ + ": no InfluxDB answers there (" + verdict_of(reply).message + ")"};
    const ServerKind kind = kind_of(reply);
    api_ = api_of_settings(settings_).value_or(kind.api);
    const char* why = settings_.api != Api::automatic       ? "--influx-api says so"
                      : !settings_.bucket.empty()           ? "there is a bucket"
                      : !settings_.retention_policy.empty() ? "there is a retention policy"
                                                            : "going by what the server says";
    return {"server", true,
            name_ + ": " + kind.message + "; written to with the " + std::string(api_name(*api_)) + " API, " +
                why};
}

void Client::probe_v1(std::vector<Finding>& findings) {
    // Any user may ask this, and sees the databases that are his to read or write.
    const http::Reply reply = http_.exchange(request("/query?q=SHOW%20DATABASES"));
    const std::string wrong = is_good(reply) ? query_error(reply) : verdict_of(reply).message;
    const std::string who = !settings_.token.empty() ? "the token"
                            : settings_.user.empty() ? "no user"
                                                     : "user \"" + text::printable(settings_.user) + "\"";
    if (!wrong.empty()) {
        findings.push_back({"credentials", false,
                            name_ + ": " + who + ": " + text::printable(text::redacted(wrong, secrets_))});
        return;
    }
    findings.push_back({"credentials", true, name_ + ": " + who + " is accepted"});
    const auto names = listed_databases(reply);
    const std::string shown = "\"" + text::printable(settings_.database) + "\"";
    if (std::find(names.begin(), names.end(), settings_.database) != names.end())
        findings.push_back({"database", true, shown + " is there"});
    else if (settings_.create_database)
        findings.push_back({"database", true,
                            shown + " is not there yet, or not shown to " + who +
                                "; it is made at the first write, which needs an admin's rights"});
    else
        findings.push_back({"database", false, shown + " is not there: make it on the server"});
}

void Client::probe_by_writing(std::vector<Finding>& findings) {
    // A write of nothing: it takes just the right that is needed later, where listing buckets takes
    // one that a good write-only token has not. The server looks at the token and the bucket first
    // and at the body last: 400 to an empty body means that all else is good.
    http::Request write = request(write_path(settings_, *api_));
    write.post = true;
    const deliver::Verdict verdict = verdict_of(http_.exchange(write));
    const bool v2 = api_ == Api::v2;
    const std::string place = v2 ? "bucket \"" + text::printable(settings_.bucket) + "\""
                                 : "database \"" + text::printable(settings_.database) + "\"";
    if (verdict.outcome == deliver::Outcome::delivered || verdict.outcome == deliver::Outcome::refused) {
        findings.push_back({"credentials", true, name_ + ": may write"});
        findings.push_back(
            {"database", true,
             place + (v2 ? " is there" : " is there, or made by the server at the first write")});
        return;
    }
    const bool token_is_good = verdict.status == 404;
    findings.push_back(
        {"credentials", token_is_good, name_ + ": " + (token_is_good ? "accepted" : verdict.message)});
    if (token_is_good)
        findings.push_back({"database", false, place + ": " + verdict.message});
}

} // namespace lxcmon::influx
