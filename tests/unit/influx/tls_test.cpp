// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "support/has.hpp"
#include "support/tls_server.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <stdexcept>

using namespace lxcmon;
using namespace lxcmon::influx;
using lxcmon::test::Certificates;
using lxcmon::test::FakeHttpServer;
using lxcmon::test::has;
using lxcmon::test::TempFolder;
using lxcmon::test::TlsServer;

namespace {

struct Tls {
    const Certificates& files = Certificates::made();

    [[nodiscard]] std::vector<std::string> with(const std::string& name) const {
        return {files.certificate(name), files.key(name)};
    }
    [[nodiscard]] http::TlsSettings trusting(const std::string& name) const {
        http::TlsSettings tls;
        tls.ca = files.certificate(name);
        return tls;
    }
    [[nodiscard]] http::TlsSettings with_own(const std::string& certificate, const std::string& key) const {
        http::TlsSettings tls = trusting("ca");
        tls.cert = files.certificate(certificate);
        tls.key = files.key(key);
        return tls;
    }
    static deliver::Verdict send(const std::string& url, http::TlsSettings tls) {
        const FakeHttpServer sets_no_proxy;
        Settings settings;
        settings.url = url;
        settings.api = Api::v1;
        settings.http.tls = std::move(tls);
        return Client(settings).send("a v=1 1\n");
    }
    /// The message of a failed send, which must be retried.
    static std::string message(const std::string& url, http::TlsSettings tls) {
        const deliver::Verdict verdict = send(url, std::move(tls));
        CHECK(verdict.outcome == deliver::Outcome::retry);
        CHECK(verdict.message.find(url) != std::string::npos);
        return verdict.message;
    }
};

} // namespace

TEST_CASE_FIXTURE(Tls, "a trusted CA from a file, and from a folder with other files in it") {
    const TlsServer server(with("server"));
    CHECK(send(server.url(), trusting("ca")).outcome == deliver::Outcome::delivered);
    const TempFolder folder;
    std::filesystem::copy(files.certificate("stranger"), folder.path("1.pem"));
    std::filesystem::copy(files.certificate("ca"), folder.path("2.crt"));
    std::filesystem::create_symlink("/nonexistent", folder.path("3"));
    static_cast<void>(folder.write("README", "no certificate"));
    http::TlsSettings tls;
    tls.ca = folder.path("");
    CHECK(send(server.url(), tls).outcome == deliver::Outcome::delivered);
}

TEST_CASE_FIXTURE(Tls, "--tls-ca replaces the system's CAs") {
    const TlsServer server(with("server"));
    CHECK(has(message(server.url(), trusting("stranger")),
              "comes from a CA that is not trusted; give the CA's certificate with --tls-ca"));
    CHECK(has(message(server.url(), {}), "comes from a CA that is not trusted"));
    http::TlsSettings empty;
    const TempFolder folder;
    empty.ca = folder.write("ca.pem", "");
    CHECK(has(message(server.url(), empty), "check --tls-ca"));
}

TEST_CASE_FIXTURE(Tls, "invalid certificates, each with a message of its own") {
    CHECK(has(message(TlsServer(with("othername")).url(), trusting("ca")), "is for another name"));
    CHECK(has(message(TlsServer(with("expired")).url(), trusting("ca")), "has expired"));
    CHECK(has(message(TlsServer(with("self")).url(), trusting("ca")), "is self-signed and not trusted"));
}

TEST_CASE_FIXTURE(Tls, "insecure accepts any certificate; --tls-ca accepts a self-signed one") {
    http::TlsSettings insecure;
    insecure.insecure = true;
    for (const char* name : {"othername", "expired", "self"})
        CHECK(send(TlsServer(with(name)).url(), insecure).outcome == deliver::Outcome::delivered);
    CHECK(send(TlsServer(with("self")).url(), trusting("self")).outcome == deliver::Outcome::delivered);
}

TEST_CASE_FIXTURE(Tls, "a server that requires a client certificate") {
    std::vector<std::string> arguments = with("server");
    arguments.push_back(files.certificate("ca"));
    const TlsServer server(arguments);
    CHECK(send(server.url(), with_own("client", "client")).outcome == deliver::Outcome::delivered);
    CHECK(has(message(server.url(), trusting("ca")),
              "require a client certificate that it trusts: set --tls-cert"));
    CHECK(has(message(server.url(), with_own("wrongclient", "wrongclient")),
              "require a client certificate that it trusts"));
    CHECK(has(message(server.url(), with_own("client", "server")),
              "check that --tls-cert and --tls-key belong together"));
}

TEST_CASE_FIXTURE(Tls, "certificate and key in one file") {
    std::vector<std::string> arguments = with("server");
    arguments.push_back(files.certificate("ca"));
    const TlsServer server(arguments);
    const TempFolder folder;
    const auto text = [](const std::string& path) {
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    http::TlsSettings tls = trusting("ca");
    tls.cert = folder.write("both.pem", text(files.certificate("client")) + text(files.key("client")));
    CHECK(send(server.url(), tls).outcome == deliver::Outcome::delivered);
}

TEST_CASE_FIXTURE(Tls, "http to an https port, and https to an http port") {
    const TlsServer secure(with("server"));
    CHECK(has(message(secure.url("http"), {}), "does this port want https://?"));
    const TlsServer plain({});
    CHECK(has(message(plain.url("https"), {}), "does this port want http:// instead?"));
    CHECK(send(plain.url("http"), {}).outcome == deliver::Outcome::delivered);
}

TEST_CASE("InfluxDB answers 400 to http on its https port, which costs no point") {
    FakeHttpServer server;
    server.script({400, "Client sent an HTTP request to an HTTPS server.\n"});
    const deliver::Verdict verdict = Tls::send(server.url(), {});
    CHECK(verdict.outcome == deliver::Outcome::settings);
    CHECK(has(verdict.message, "this port requires https://"));
}
