// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/address.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>

using namespace lxcmon::expose;

namespace {

bool can_connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const lxcmon::io::UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

int error_of(const std::string& path) {
    try {
        static_cast<void>(listen_at(path));
    } catch (const std::system_error& error) {
        return error.code().value();
    }
    return 0;
}

} // namespace

TEST_CASE("addresses that only this host can reach") {
    CHECK(parse_local("127.0.0.1:9105")->port == 9105);
    CHECK(parse_local("127.1.2.3:1")->host == "127.1.2.3");
    CHECK(parse_local("[::1]:65535")->host == "::1");
    CHECK(parse_local("unix:///run/x/metrics.sock")->socket_path == "/run/x/metrics.sock");
    CHECK(parse_local("[::1]:9105")->port == 9105);
    for (const char* wrong : {"",
                              ":9105",
                              "9105",
                              "0.0.0.0:9105",
                              "[::]:9105",
                              "192.168.0.1:9105",
                              "128.0.0.1:1",
                              "[::ffff:127.0.0.1]:9105",
                              "[::1%lo]:9105",
                              "::1:9105",
                              "[::1]",
                              "[127.0.0.1]:9105",
                              "localhost:9105",
                              "127.0.0.1",
                              "127.0.0.1:",
                              "127.0.0.1:0",
                              "127.0.0.1:65536",
                              "127.0.0.1:-1",
                              "127.0.0.1:9105 ",
                              "127.1:9105",
                              "http://127.0.0.1:9105",
                              "unix://",
                              "unix:///",
                              "unix://run/x",
                              "unix:///run/",
                              "unix:/run/x"}) {
        CAPTURE(std::string(wrong));
        CHECK_FALSE(parse_local(wrong));
    }
    const std::string longest = "/" + std::string(106, 'x');
    CHECK(parse_local("unix://" + longest));
    CHECK_FALSE(parse_local("unix://" + longest + "x"));
}

TEST_CASE("what is wrong with an address is named") {
    const auto has_reason = [](const char* text, const char* part) {
        CAPTURE(std::string(text));
        CHECK_FALSE(parse_local(text));
        CHECK(why_not_local(text).find(part) != std::string::npos);
    };
    has_reason("localhost:9105", "give the number: 127.0.0.1:9105");
    has_reason("localhost", "give the number: 127.0.0.1:9105");
    has_reason("127.0.0.1", "has no port; expected for example 127.0.0.1:9105");
    has_reason("127.0.0.1:", "has no port; expected for example 127.0.0.1:9105");
    has_reason("[::1]", "has no port; expected for example [::1]:9105");
    for (const char* port : {"127.0.0.1:0", "[::1]:65536", "127.0.0.1:http"})
        has_reason(port, "has no valid port; expected a number from 1 to 65535");
    has_reason("unix://run/x", "expected an absolute path of at most 107 bytes");
    for (const char* other : {"", "9105", "0.0.0.0:9105", "192.168.0.1", "::1:9105"})
        has_reason(other, "is no loopback address with a port and no unix socket");
}

TEST_CASE("a socket that nobody listens on is replaced, and nothing else") {
    const lxcmon::test::TempFolder folder;
    const std::string path = folder.path("metrics.sock");
    {
        const auto first = listen_at(path);
        CHECK(can_connect(path));
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777U) == 0666);
        CHECK(error_of(path) == EADDRINUSE);
        CHECK(can_connect(path));
    }
    CHECK_FALSE(can_connect(path)); // left behind
    const auto second = listen_at(path);
    CHECK(can_connect(path));
    const std::string file = folder.path("file");
    std::ofstream(file) << "data";
    CHECK(error_of(file) == EEXIST);
    CHECK(::access(file.c_str(), F_OK) == 0);
    CHECK(error_of(folder.path("none/metrics.sock")) == ENOENT);
}

TEST_CASE("a folder in which others may write is refused") {
    const lxcmon::test::TempFolder folder;
    const std::string open = folder.path("open");
    REQUIRE(::mkdir(open.c_str(), 0755) == 0);
    REQUIRE(::chmod(open.c_str(), 01777) == 0);
    CHECK_THROWS_WITH_AS(static_cast<void>(listen_at(open + "/metrics.sock")),
                         doctest::Contains("may be written by other users; expected a folder of root's"),
                         std::runtime_error);
    CHECK(::access((open + "/metrics.sock").c_str(), F_OK) != 0);
}
