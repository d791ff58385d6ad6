// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/listener.hpp"

#include "io/unique_fd.hpp"
#include "support/waiting.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

using namespace lxcmon::expose;

namespace {

using lxcmon::io::UniqueFd;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::uint16_t free_port() {
    const UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    REQUIRE(::bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
}

/// A request whose answer is read by the caller.
UniqueFd ask(std::uint16_t port) {
    UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const std::string_view request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    REQUIRE(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(request.size()));
    return client;
}

/// The first line of the answer.
std::string status_of(const UniqueFd& client) {
    std::array<char, 64> begin{};
    const ssize_t size = ::recv(client.get(), begin.data(), begin.size(), MSG_WAITALL);
    const std::string text(begin.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return text.substr(0, text.find('\r'));
}

} // namespace

TEST_CASE("readers that are slow keep three texts in memory, and no more") {
    const std::uint16_t port = free_port();
    Listener listener("127.0.0.1:" + std::to_string(port), std::chrono::hours(1));
    const std::string large(std::size_t{16} << 20U, '#'); // does not fit into the buffers of a connection
    std::array<UniqueFd, 3> slow;
    for (UniqueFd& each : slow) {
        listener.publish(large, large);
        each = ask(port);
        CHECK(status_of(each) == "HTTP/1.1 200 OK");
        CHECK(status_of(ask(port)) == "HTTP/1.1 200 OK"); // the same text is lent again
    }
    listener.publish(large, large);
    CHECK(status_of(ask(port)) == "HTTP/1.1 503 Service Unavailable");
    slow[1].reset();
    CHECK(lxcmon::test::comes_true([&] { return status_of(ask(port)) == "HTTP/1.1 200 OK"; },
                                   std::chrono::seconds(60)));
}

TEST_CASE("a text that is too old is no answer") {
    const std::uint16_t port = free_port();
    Listener listener("127.0.0.1:" + std::to_string(port), std::chrono::nanoseconds(0));
    listener.publish("a 1\n", "a 1\n# EOF\n");
    CHECK(status_of(ask(port)) == "HTTP/1.1 503 Service Unavailable");
}
