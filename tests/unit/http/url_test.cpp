#include "http/url.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon::http;

TEST_CASE("unix sockets as addresses") {
    CHECK(unix_socket_path("unix:///run/influx.sock") == "/run/influx.sock");
    CHECK(unix_socket_path("unix://run/influx.sock") == std::nullopt);
    CHECK(unix_socket_path("http://h") == std::nullopt);
    CHECK(check_url("unix:///run/influx.sock") == std::nullopt);
    CHECK(check_url("unix:///" + std::string(106, 'x')) == std::nullopt);
    const auto too_long = check_url("unix:///" + std::string(107, 'x'));
    REQUIRE(too_long);
    CHECK(too_long->find("107 bytes") != std::string::npos);
    for (const char* url :
         {"unix:///", "unix:///run/", "unix:///a b", "unix:///a\n", "unix://relative", "unix:/run/x"})
        CHECK(check_url(url));
    CHECK(shown_url("unix:///run/a@b") == "unix:///run/a@b");
    CHECK(shown_url("unix://me:hunter22@h/x").find("hunter22") == std::string::npos);
}

TEST_CASE("proxies") {
    for (const char* url :
         {"http://p:3128", "https://p", "socks5://127.0.0.1:1080", "socks5h://p:1080/", "http://[::1]:1"})
        CHECK(check_proxy(url) == std::nullopt);
    for (const char* url : {"", "p:3128", "ftp://p", "socks4://p", "http://", "http://p/path", "http://p?x",
                            "http://p#x", "http://p p", "unix:///p", "http://p\n"})
        CHECK(check_proxy(url));
    const auto wrong = check_proxy("http://me:hunter22@p:3128");
    REQUIRE(wrong);
    CHECK(wrong->find("https_proxy") != std::string::npos);
    CHECK(wrong->find("hunter22") == std::string::npos);
}

TEST_CASE("ways to write one address") {
    CHECK(canonical_url("HTTP://Host:80/Path//") == "http://host/Path");
    CHECK(canonical_url("https://h:443") == "https://h");
    CHECK(canonical_url("https://h:80") == "https://h:80");
    CHECK(canonical_url("http://h:8086/") == "http://h:8086");
    CHECK(canonical_url("unix:///Run/X") == "unix:///Run/X");
    CHECK(canonical_url("http://[::1]:80") == "http://[::1]");
}
