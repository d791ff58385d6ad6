// SPDX-License-Identifier: GPL-2.0-or-later
#include "influx/client.hpp"
#include "support/fake_http_server.hpp"
#include "support/has.hpp"
#include "support/temp_folder.hpp"
#include "unit/influx/bodies.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <stdexcept>
#include <tuple>

using namespace lxcmon;
using namespace lxcmon::influx;
using lxcmon::io::UniqueFd;
using lxcmon::test::FakeHttpServer;
using lxcmon::test::Fault;
using lxcmon::test::has;
using lxcmon::test::one_line;
using lxcmon::test::TempFolder;

namespace {

Settings settings_for(const std::string& url) {
    Settings settings;
    settings.url = url;
    settings.api = Api::v1;
    settings.gzip = false;
    return settings;
}

deliver::Verdict send(Settings settings) {
    return Client(std::move(settings)).send(one_line);
}

deliver::Verdict send_through(const std::string& proxy, const std::string& url) {
    Settings settings = settings_for(url);
    settings.http.proxy = proxy;
    return send(std::move(settings));
}

/// Sets environment variables for libcurl during its life.
class Variables {
  public:
    Variables(std::initializer_list<std::pair<const char*, std::string>> variables) {
        for (const auto& [name, value] : variables)
            ::setenv(name, value.c_str(), 1);
    }
    ~Variables() {
        for (const char* name : {"http_proxy", "https_proxy"})
            ::unsetenv(name);
        ::setenv("no_proxy", "127.0.0.1", 1); // as FakeHttpServer sets it
    }
    Variables(const Variables&) = delete;
    Variables& operator=(const Variables&) = delete;
};

/// A port of loopback without a server.
std::string unused_url() {
    const FakeHttpServer gone;
    return gone.url();
}

} // namespace

TEST_CASE("the password in an unusable http_proxy is not in the message") {
    // FakeHttpServer sets no_proxy for 127.0.0.1.
    for (const char* proxy : {"foo://user:hunter22@127.0.0.1:9", "http://user:hunter22@127.0.0.1:port"}) {
        const Variables variables{{"http_proxy", proxy}, {"no_proxy", ""}};
        const std::string message = send(settings_for("http://127.0.0.1:9")).message;
        CHECK(has(message, "127.0.0.1"));
        CHECK_FALSE(has(message, "hunter22"));
    }
}

TEST_CASE("user and password are hidden in the form of the header, too") {
    for (const auto& [user, password, header] : {std::tuple{"u", "hunter22", "dTpodW50ZXIyMg=="},
                                                 {"me", "hunter22", "bWU6aHVudGVyMjI="},
                                                 {"you", "hunter22", "eW91Omh1bnRlcjIy"}}) {
        FakeHttpServer server;
        server.script({401, "Basic " + std::string(header) + " is wrong"});
        Settings settings = settings_for(server.url());
        settings.http.user = user;
        settings.http.password = password;
        const std::string message = send(settings).message;
        CHECK(has(message, "Basic ***"));
        CHECK_FALSE(has(message, std::string(header).substr(0, 8)));
    }
}

TEST_CASE("a unix socket, even if the environment sets a proxy") {
    const TempFolder folder;
    FakeHttpServer server(folder.path("influx.sock"));
    const Variables variables{{"http_proxy", unused_url()}, {"no_proxy", ""}};
    Client client(settings_for(server.url()));
    CHECK(client.name() == server.url());
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    CHECK(client.probe().front().ok);
    const auto seen = server.requests().front();
    CHECK(seen.path == "/write");
    CHECK(seen.headers.at("host") == "localhost");
    CHECK(seen.body == one_line);
}

TEST_CASE("a missing unix socket, a file that is no socket, and a socket without a server") {
    const TempFolder folder;
    const auto message = [](const std::string& path) {
        const deliver::Verdict verdict = send(settings_for("unix://" + path));
        CHECK(verdict.outcome == deliver::Outcome::retry);
        CHECK(verdict.message.starts_with("unix://" + path + ": "));
        return verdict.message;
    };
    CHECK(has(message(folder.path("absent.sock")), "no such socket; is the server running"));
    CHECK(has(message(folder.write("file", "")), "is not a socket"));
    const std::string path = folder.path("closed.sock");
    { const FakeHttpServer server(path); }
    CHECK(has(message(path), "connection refused; the socket exists, but no server listens on it"));
}

TEST_CASE("a proxy from the settings is used in spite of no_proxy") {
    FakeHttpServer proxy;
    const Variables variables{{"no_proxy", "*"}};
    CHECK(send_through(proxy.url(), "http://influx.invalid:8086").outcome == deliver::Outcome::delivered);
    CHECK(has(proxy.requests().front().path, "http://influx.invalid:8086/write"));
}

TEST_CASE("a proxy from the environment is used, except for hosts in no_proxy") {
    FakeHttpServer proxy;
    const Variables variables{{"http_proxy", proxy.url()}, {"no_proxy", "direct.invalid"}};
    CHECK(send(settings_for("http://influx.invalid:8086")).outcome == deliver::Outcome::delivered);
    CHECK(proxy.requests().size() == 1);
    CHECK(has(send(settings_for("http://direct.invalid:8086")).message, "the host name can't be resolved"));
    CHECK(proxy.requests().size() == 1);
}

TEST_CASE("a proxy for https that requires credentials or does not connect") {
    FakeHttpServer proxy;
    const Variables variables{{"https_proxy", proxy.url()}, {"no_proxy", ""}};
    proxy.script({407, ""});
    deliver::Verdict verdict = send(settings_for("https://influx.invalid:8086"));
    CHECK(verdict.outcome == deliver::Outcome::settings);
    CHECK(verdict.status == 407);
    CHECK(has(verdict.message, "the proxy requires credentials"));
    CHECK(proxy.requests().front().method == "CONNECT");
    for (const int status : {403, 502}) {
        proxy.script({status, "a page of the proxy"});
        verdict = send(settings_for("https://influx.invalid:8086"));
        CHECK(verdict.outcome == deliver::Outcome::retry);
        CHECK(
            has(verdict.message, "the proxy did not connect to the server (HTTP " + std::to_string(status)));
    }
}

TEST_CASE("a proxy for http that requires credentials") {
    FakeHttpServer proxy;
    proxy.script({407, ""});
    const deliver::Verdict verdict = send_through(proxy.url(), "http://influx.invalid:8086");
    CHECK(verdict.outcome == deliver::Outcome::settings);
    CHECK(has(verdict.message, "the proxy requires credentials: set them in http_proxy or https_proxy"));
}

TEST_CASE("credentials of a proxy in the environment reach the proxy and no message") {
    FakeHttpServer proxy;
    const std::string with_credentials = "http://me:hunter22@" + proxy.url().substr(7);
    const Variables variables{{"http_proxy", with_credentials}, {"no_proxy", ""}};
    proxy.script({407, ""});
    const deliver::Verdict verdict = send(settings_for("http://influx.invalid:8086"));
    CHECK(proxy.requests().front().headers.at("proxy-authorization") == "Basic bWU6aHVudGVyMjI=");
    CHECK_FALSE(has(verdict.message, "hunter22"));
}

TEST_CASE("the message about a proxy that is not found or refuses names the proxy") {
    const std::string server = "http://influx.invalid:8086";
    for (const std::string scheme : {"http", "socks5h", "socks5"})
        CHECK(has(send_through(scheme + unused_url().substr(4), server).message,
                  "the proxy refuses the connection"));
    CHECK(has(send_through("http://proxy.invalid:3128", server).message,
              "the proxy's host name can't be resolved"));
    CHECK(has(send_through("socks5h://proxy.invalid:1080", server).message,
              "the proxy's host name can't be resolved"));
    const Variables variables{{"http_proxy", unused_url()}, {"no_proxy", ""}};
    CHECK(has(send(settings_for(server)).message, "the proxy refuses the connection"));
}

TEST_CASE("the message about a server that refuses does not name a proxy") {
    const std::string url = unused_url();
    CHECK(has(send(settings_for(url)).message, "connection refused; is the server running"));
    CHECK(has(send(settings_for("http://[::1]:" + url.substr(url.rfind(':') + 1))).message,
              "is the server running"));
}

TEST_CASE("additional headers are in each request, and their values in no message") {
    FakeHttpServer server;
    Settings settings = settings_for(server.url());
    settings.headers = {"X-Scope-OrgID: tenant-7", "Authorization: Bearer s3cret-value"};
    server.script({401, "no right: Bearer s3cret-value, s3cret-value, tenant-7"});
    Client client(settings);
    const deliver::Verdict verdict = client.send(one_line);
    CHECK(verdict.message == "HTTP 401: no right: ***, ***, ***; check the user and password, or the token");
    CHECK_FALSE(client.probe().empty());
    server.script({404, R"({"error":"database not found"})"});
    CHECK(client.send(one_line).outcome == deliver::Outcome::delivered);
    for (const auto& seen : server.requests()) {
        CHECK(seen.headers.at("x-scope-orgid") == "tenant-7");
        CHECK(seen.headers.at("authorization") == "Bearer s3cret-value");
    }
    CHECK(server.requests().size() >= 6); // among them one to create the database
}

TEST_CASE("headers that would break or split a request are refused") {
    for (const char* header :
         {"", "X", ": v", "X Y: v", "X:", "X:  ", "X: a\r\nY: b", "X: a\nb", "X: \x01", "Content-Length: 5",
          "content-encoding: br", "Transfer-Encoding: chunked", "Host: other", "Connection: close",
          "Accept-Encoding: gzip", "Expect: 100-continue", "Content-Type: text/html"}) {
        CAPTURE(std::string(header));
        CHECK(check_header(header));
        Settings settings = settings_for("http://h");
        settings.headers = {header};
        CHECK_THROWS_AS(Client{settings}, std::invalid_argument);
    }
    CHECK(has(*check_header("Host: hunter22"), "lxcmon-push sets the header 'host' itself"));
    for (const char* header : {"X-A: b", "Authorization: Basic x", "User-Agent: me", "Cookie:a=b"})
        CHECK_FALSE(check_header(header));
}
