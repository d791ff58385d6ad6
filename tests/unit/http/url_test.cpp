// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/url.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lxcmon::http;

TEST_CASE("unix socket URLs") {
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

TEST_CASE("proxy URLs") {
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

TEST_CASE("canonical_url gives one text for all spellings of a URL") {
    CHECK(canonical_url("HTTP://Host:80/Path//") == "http://host/Path");
    CHECK(canonical_url("https://h:443") == "https://h");
    CHECK(canonical_url("https://h:80") == "https://h:80");
    CHECK(canonical_url("http://h:8086/") == "http://h:8086");
    CHECK(canonical_url("unix:///Run/X") == "unix:///Run/X");
    CHECK(canonical_url("http://[::1]:80") == "http://[::1]");
}

TEST_CASE("valid URLs") {
    for (const char* url :
         {"http://localhost:8086", "https://h.example/influx/", "http://[::1]:8086", "HTTP://h"})
        CHECK(check_url(url) == std::nullopt);
}

TEST_CASE("errors of invalid URLs contain no secret") {
    for (const char* url :
         {"", "localhost:8086", "ftp://h", "http://", "http:///path", "http://h:x", "unix://h/s", "unix:///",
          "unix:///run/", "unix:///a b", "http://h/a b", "http://u:hunter22@h:8086", "http://hunter22@h",
          "http://h/?p=hunter22", "http://h#hunter22", "http://u:hun\nter22@h", "hunter22"}) {
        const auto wrong = check_url(url);
        REQUIRE(wrong);
        CHECK(wrong->find("ter22") == std::string::npos);
    }
}

TEST_CASE("shown_url hides everything that may be a secret") {
    CHECK(shown_url("http://h:8086/x") == "http://h:8086/x");
    CHECK(shown_url("http://u:p@h:8086") == "http://***@h:8086");
    CHECK(shown_url("http://u:p@ss/w@h") == "http://***@h");
    CHECK(shown_url("u:p@h") == "***@h");
    CHECK(shown_url("http://h/w?p=secret") == "http://h/w?***");
}

TEST_CASE("percent encoding") {
    CHECK(percent_encoded("a b&c=d/\xc3\xa9~") == "a%20b%26c%3Dd%2F%C3%A9~");
}
