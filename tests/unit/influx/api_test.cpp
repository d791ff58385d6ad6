// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/api.hpp"

#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "support/log_capture.hpp"
#include "unit/influx/bodies.hpp"

#include <doctest/doctest.h>

using namespace lxcmon;
using namespace lxcmon::influx;
using lxcmon::test::FakeHttpServer;
using lxcmon::test::Fault;
using lxcmon::test::HttpAnswer;
using lxcmon::test::LogCapture;
using lxcmon::test::one_line;

namespace {

http::Reply ping(int status, std::string version, std::string body = {}) {
    http::Reply reply;
    reply.status = status;
    reply.version = std::move(version);
    reply.body = std::move(body);
    return reply;
}

struct Server {
    FakeHttpServer server;
    LogCapture log;

    [[nodiscard]] Settings settings() const {
        Settings settings;
        settings.url = server.url();
        settings.token = "s3cret";
        settings.gzip = false;
        return settings;
    }
    void script_ping(int status, std::string version = {}, std::string body = {}) {
        HttpAnswer answer{status, std::move(body)};
        if (!version.empty())
            answer.headers.emplace_back("X-Influxdb-Version", std::move(version));
        server.script(std::move(answer));
    }
    [[nodiscard]] std::vector<std::string> paths() const {
        std::vector<std::string> paths;
        for (const auto& seen : server.requests())
            paths.push_back(seen.path);
        return paths;
    }
};

using Paths = std::vector<std::string>;
} // namespace

TEST_CASE("the kind of server by its answer to a ping") {
    CHECK(kind_of(ping(204, "1.6.7~rc0")).api == Api::v1);
    CHECK(kind_of(ping(204, "1.6.7~rc0")).message == "InfluxDB 1.6.7~rc0");
    CHECK(kind_of(ping(204, "v2.7.1")).api == Api::v1);
    CHECK(kind_of(ping(204, "2.7.1")).api == Api::v1);
    CHECK(kind_of(ping(200, "3.2.1")).api == Api::v3);
    CHECK(kind_of(ping(200, "v3.0")).api == Api::v3);
    CHECK(kind_of(ping(200, "30.1")).api == Api::v3); // later versions are more like 3 than like 1
    CHECK(kind_of(ping(200, "", R"({"version":"3.0.1","revision":"x"})")).api == Api::v3);
    CHECK(kind_of(ping(200, "", R"({"version":"1.8"})")).api == Api::v1);
    CHECK(kind_of(ping(204, "")).api == Api::v1); // VictoriaMetrics
    CHECK(kind_of(ping(204, "")).message == "a server that reports no version");
}

TEST_CASE("malformed answers to a ping") {
    CHECK(kind_of(ping(200, "", "[3,\"version\"]")).api == Api::v1);
    CHECK(kind_of(ping(200, "", R"({"version":3})")).api == Api::v1);
    CHECK(kind_of(ping(200, "", R"({"version":)")).api == Api::v1);
    CHECK(kind_of(ping(404, "3.0")).api == Api::v1);
    CHECK(kind_of(ping(200, "9\x1b[31m" + std::string(500, 'x'))).message.size() < 90);
}

TEST_CASE("the names of the APIs") {
    for (const Api api : {Api::automatic, Api::v1, Api::v2, Api::v3})
        CHECK(api_of_name(api_name(api)) == api);
    CHECK_FALSE(api_of_name("v4"));
}

TEST_CASE_FIXTURE(Server, "auto asks once, logs the result, and uses the v3 API for InfluxDB 3") {
    script_ping(200, "3.2.1");
    Settings with_spaces = settings();
    with_spaces.database = "my db";
    Client client(with_spaces);
    CHECK(server.requests().empty()); // nothing before the first write
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(paths() == Paths{"/ping", "/api/v3/write_lp", "/api/v3/write_lp"});
    const auto seen = server.requests().back();
    CHECK(seen.query == std::map<std::string, std::string>{{"db", "my db"}, {"precision", "nanosecond"}});
    CHECK(seen.headers.at("authorization") == "Bearer s3cret");
    CHECK(log.take() == "info " + server.url() + " is InfluxDB 3.2.1: using the v3 write API\n");
}

TEST_CASE_FIXTURE(Server, "auto with InfluxDB 1, with its retention policy") {
    script_ping(204, "1.6.7");
    Client client(settings());
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(paths() == Paths{"/ping", "/write"});
    CHECK(server.requests().back().headers.at("authorization") == "Token s3cret");
    CHECK(log.take() == "info " + server.url() + " is InfluxDB 1.6.7: using the v1 write API\n");
    Settings with_policy = settings();
    with_policy.retention_policy = "a week";
    CHECK(Client(with_policy).send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(server.requests().back().query ==
          std::map<std::string, std::string>{{"db", "lxc"}, {"rp", "a week"}, {"precision", "ns"}});
    CHECK(server.requests().size() == 3); // a retention policy means v1: no ping
}

TEST_CASE_FIXTURE(Server, "no answer to the ping: the next send asks again") {
    Settings fast = settings();
    fast.timeout = std::chrono::milliseconds(300);
    Client client(fast);
    server.script({204, "", {}, Fault::silence});
    CHECK(client.send(one_line).outcome == deliver::Outcome::retry);
    for (const int status : {500, 503, 429}) {
        script_ping(status);
        const deliver::Verdict verdict = client.send(one_line);
        CHECK(verdict.outcome == deliver::Outcome::retry);
        CHECK(verdict.status == status);
    }
    CHECK(paths() == Paths(4, "/ping"));
    CHECK(log.take().empty());
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(server.requests().back().body == one_line);
}

TEST_CASE_FIXTURE(Server, "a ping that is refused does not block the points") {
    script_ping(404);
    Client client(settings());
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(paths() == Paths{"/ping", "/write"});
}

TEST_CASE_FIXTURE(Server,
                  "a server that was replaced is asked again; a missing database is no reason to ask") {
    script_ping(204, "1.6.7");
    Client client(settings());
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    server.script({404, R"({"error":"database not found: \"lxc\""})"});
    server.script({200, R"({"results":[{"error":"no right"}]})"});
    CHECK(client.send(one_line).outcome == deliver::Outcome::settings);
    server.script({404, "not found"});
    CHECK(client.send(one_line).outcome == deliver::Outcome::settings);
    script_ping(200, "", R"({"version":"3.0.0"})");
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(paths() == Paths{"/ping", "/write", "/write", "/query", "/write", "/ping", "/api/v3/write_lp"});
    server.script({405, ""});
    CHECK(client.send(one_line).outcome == deliver::Outcome::settings);
    script_ping(200, "3.0.0");
    static_cast<void>(log.take());
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(log.take().empty()); // the same as before
}

TEST_CASE_FIXTURE(Server, "an answer to the ping that does not come from InfluxDB chooses no API") {
    Client client(settings());
    for (const int status : {407, 400}) {
        script_ping(status, "", "Client sent an HTTP request to an HTTPS server.");
        CHECK(client.send(one_line).outcome == deliver::Outcome::settings);
    }
    CHECK(paths() == Paths(2, "/ping"));
    CHECK(log.take().empty());
}

TEST_CASE_FIXTURE(Server, "a 400 to the ping in no known form does not keep the agent from writing") {
    Client client(settings());
    script_ping(400, "", "what is a ping?");
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(paths() == Paths{"/ping", "/write"});
}

TEST_CASE_FIXTURE(Server, "an API from the settings needs no ping and is never reset") {
    Settings fixed = settings();
    fixed.api = Api::v3;
    Client client(fixed);
    server.script({404, ""});
    CHECK(client.send(one_line).outcome == deliver::Outcome::settings);
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(paths() == Paths{"/api/v3/write_lp", "/api/v3/write_lp"});
}

TEST_CASE_FIXTURE(Server, "v3: numbers beyond the sent lines are ignored") {
    Settings third = settings();
    third.api = Api::v3;
    server.script({400, R"({"error":"partial write of line protocol occurred","data":[{"line_number":2},
        {"line_number":3},{"line_number":1000000}]})"});
    const deliver::Verdict verdict = Client(third).send("a v=1 1\nb v=2 1\n");
    CHECK(verdict.outcome == deliver::Outcome::partial);
    CHECK(verdict.refused_lines == std::vector<std::size_t>{2});
    CHECK(verdict.dropped_lines == 3);
}

TEST_CASE_FIXTURE(Server, "a proxy's 400 to the ping is not taken for the server's") {
    Client client(settings());
    script_ping(400, {}, "<html>Bad Request 17</html>");
    server.script({401, ""});
    CHECK(client.send(one_line).outcome == deliver::Outcome::settings);
    script_ping(400, {}, "<html>Bad Request 18</html>");
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(paths() == Paths{"/ping", "/write", "/ping", "/write"});
    CHECK(log.take() == "info " + server.url() +
                            "/ping: HTTP 400: <html>Bad Request 17</html>; not an error of InfluxDB or "
                            "VictoriaMetrics, another program may have answered: check the URL, "
                            "--influx-proxy and any proxy or firewall; using the v1 write API\n");
}
