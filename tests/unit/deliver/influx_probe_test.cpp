#include "deliver/influx_client.hpp"

#include "support/fake_http_server.hpp"

#include <doctest/doctest.h>

#include <tuple>

using namespace lxcmon;
using namespace lxcmon::deliver;
using test::FakeHttpServer;
using test::Fault;

namespace {

struct Fixture {
    FakeHttpServer server;

    [[nodiscard]] InfluxSettings settings() const {
        InfluxSettings settings;
        settings.url = server.url();
        settings.database = "my db";
        return settings;
    }
};

} // namespace

TEST_CASE_FIXTURE(Fixture, "the check: v1") {
    InfluxClient client(settings());
    server.script({204, "", {{"X-Influxdb-Version", "1.6.7"}}, Fault::none});
    server.script({200, R"({"results":[{"series":[{"values":[["my db"]]}]}]})", {}, Fault::none});
    const auto findings = client.probe();
    REQUIRE(findings.size() == 3);
    for (const Finding& finding : findings)
        CHECK(finding.ok);
    CHECK(findings[0].words.find("1.6.7") != std::string::npos);
    server.script({204, "", {}, Fault::none});
    server.script({401, R"({"error":"authorization failed"})", {}, Fault::none});
    const auto bad = client.probe();
    REQUIRE(bad.size() == 2);
    CHECK(bad[0].ok);
    CHECK_FALSE(bad[1].ok);
    CHECK(bad[1].words.find("authorization failed") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "the check: v2 writes nothing, and 400 to nothing is good") {
    InfluxSettings with_bucket = settings();
    with_bucket.bucket = "b";
    InfluxClient client(with_bucket);
    for (const auto& [status, count, good] :
         {std::tuple{400, 2U, true}, {204, 2U, true}, {401, 1U, false}, {404, 2U, false}}) {
        server.script({204, "", {}, Fault::none});
        server.script({status, "", {}, Fault::none});
        const auto findings = client.probe();
        CHECK(findings.size() == count + 1);
        CHECK(findings.back().ok == good);
        CHECK(server.requests().back().body.empty());
    }
}
