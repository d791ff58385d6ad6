#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "support/tls_server.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <stdexcept>

using namespace lxcmon::deliver;
using lxcmon::test::Certificates;
using lxcmon::test::FakeHttpServer;
using lxcmon::test::TempFolder;
using lxcmon::test::TlsServer;

namespace {

struct Tls {
    const Certificates& files = Certificates::made();

    [[nodiscard]] std::vector<std::string> with(const std::string& name) const {
        return {files.certificate(name), files.key(name)};
    }
    [[nodiscard]] TlsSettings trusting(const std::string& name) const {
        TlsSettings tls;
        tls.ca = files.certificate(name);
        return tls;
    }
    [[nodiscard]] TlsSettings with_own(const std::string& certificate, const std::string& key) const {
        TlsSettings tls = trusting("ca");
        tls.cert = files.certificate(certificate);
        tls.key = files.key(key);
        return tls;
    }
    static Verdict send(const std::string& url, TlsSettings tls) {
        const FakeHttpServer sets_no_proxy;
        InfluxSettings settings;
        settings.url = url;
        settings.api = InfluxApi::v1;
        settings.tls = std::move(tls);
        return InfluxClient(settings).send("a v=1 1\n");
    }
    /// Words of a failure that passes once a person has acted.
    static std::string words(const std::string& url, TlsSettings tls) {
        const Verdict verdict = send(url, std::move(tls));
        CHECK(verdict.outcome == Outcome::retry);
        CHECK(verdict.words.find(url) != std::string::npos);
        return verdict.words;
    }
};

bool has(const std::string& text, std::string_view part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE_FIXTURE(Tls,
                  "a server whose CA is trusted: from a file, and from a folder with other things in it") {
    const TlsServer server(with("server"));
    CHECK(send(server.url(), trusting("ca")).outcome == Outcome::delivered);
    const TempFolder folder;
    std::filesystem::copy(files.certificate("stranger"), folder.path("1.pem"));
    std::filesystem::copy(files.certificate("ca"), folder.path("2.crt"));
    std::filesystem::create_symlink("/nonexistent", folder.path("3"));
    static_cast<void>(folder.write("README", "no certificate"));
    TlsSettings tls;
    tls.ca = folder.path("");
    CHECK(send(server.url(), tls).outcome == Outcome::delivered);
}

TEST_CASE_FIXTURE(Tls, "a CA that is given is trusted in place of others") {
    const TlsServer server(with("server"));
    CHECK(has(words(server.url(), trusting("stranger")),
              "comes from a CA that is not trusted; give the CA's with --tls-ca"));
    CHECK(has(words(server.url(), {}), "comes from a CA that is not trusted"));
    TlsSettings nobody;
    const TempFolder folder;
    nobody.ca = folder.write("ca.pem", "");
    CHECK(has(words(server.url(), nobody), "check --tls-ca"));
}

TEST_CASE_FIXTURE(Tls, "certificates that are not good, each in words of its own") {
    CHECK(has(words(TlsServer(with("othername")).url(), trusting("ca")), "is for another name"));
    CHECK(has(words(TlsServer(with("expired")).url(), trusting("ca")), "has expired"));
    CHECK(has(words(TlsServer(with("self")).url(), trusting("ca")), "is self-signed and not trusted"));
}

TEST_CASE_FIXTURE(Tls, "insecure takes them all; a self-signed one is trusted where it is given") {
    TlsSettings insecure;
    insecure.insecure = true;
    for (const char* name : {"othername", "expired", "self"})
        CHECK(send(TlsServer(with(name)).url(), insecure).outcome == Outcome::delivered);
    CHECK(send(TlsServer(with("self")).url(), trusting("self")).outcome == Outcome::delivered);
}

TEST_CASE_FIXTURE(Tls, "a server that wants a client certificate") {
    std::vector<std::string> arguments = with("server");
    arguments.push_back(files.certificate("ca"));
    const TlsServer server(arguments);
    CHECK(send(server.url(), with_own("client", "client")).outcome == Outcome::delivered);
    CHECK(has(words(server.url(), trusting("ca")), "wants a client certificate that it trusts: --tls-cert"));
    CHECK(has(words(server.url(), with_own("wrongclient", "wrongclient")),
              "wants a client certificate that it trusts"));
    CHECK(has(words(server.url(), with_own("client", "server")),
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
    TlsSettings tls = trusting("ca");
    tls.cert = folder.write("both.pem", text(files.certificate("client")) + text(files.key("client")));
    CHECK(send(server.url(), tls).outcome == Outcome::delivered);
}

TEST_CASE_FIXTURE(Tls, "http and https taken for each other") {
    const TlsServer secure(with("server"));
    CHECK(has(words(secure.url("http"), {}), "does this port want https://?"));
    const TlsServer plain({});
    CHECK(has(words(plain.url("https"), {}), "does this port want http:// instead?"));
    CHECK(send(plain.url("http"), {}).outcome == Outcome::delivered);
}

TEST_CASE("InfluxDB itself answers http on its https port with 400, which loses no points") {
    FakeHttpServer server;
    server.script({400, "Client sent an HTTP request to an HTTPS server.\n"});
    const Verdict verdict = Tls::send(server.url(), {});
    CHECK(verdict.outcome == Outcome::settings);
    CHECK(has(verdict.words, "this port wants https://"));
}
