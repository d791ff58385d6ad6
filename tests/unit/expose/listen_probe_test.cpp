// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/address.hpp"
#include "expose/listener.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>

using namespace lxcmon;
using namespace lxcmon::expose;

namespace {

void expect(const Finding& finding, bool is_ok, const std::string& part) {
    CAPTURE(finding.message);
    CHECK(finding.ok == is_ok);
    CHECK(finding.message.find(part) != std::string::npos);
}

/// A port that `socket` holds once it is bound.
std::string bound(const io::UniqueFd& socket) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

} // namespace

TEST_CASE("a port: free, of another program, of an agent") {
    io::UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const std::string address = bound(other);
    REQUIRE(::listen(other.get(), 1) == 0);
    expect(Listener::probe(address), false,
           address + ": can't listen: Address already in use, by another program; choose another");
    other.reset();
    expect(Listener::probe(address), true, address + ": the agent can listen there");
    Listener agent(address, std::chrono::hours(1));
    agent.publish("a 1\n", "a 1\n# EOF\n");
    expect(Listener::probe(address), true, address + ": an agent listens there already");
}

TEST_CASE("a unix socket: free, left over, of an agent, of another program, without a folder") {
    const test::TempFolder folder;
    const std::string path = folder.path("m.sock");
    const std::string address = "unix://" + path;
    expect(Listener::probe(address), true, "the agent can listen there");
    CHECK(::access(path.c_str(), F_OK) != 0);
    {
        const io::UniqueFd other = listen_at(path);
        expect(Listener::probe(address), false, "can't listen: Address already in use");
    }
    expect(Listener::probe(address), true, "the agent can listen there");
    Listener agent(address, std::chrono::hours(1));
    agent.publish("a 1\n", "a 1\n# EOF\n");
    expect(Listener::probe(address), true, "an agent listens there already");
    folder.write("file", "");
    expect(Listener::probe("unix://" + folder.path("file")), false, "can't listen: File exists");
    expect(Listener::probe("unix://" + folder.path("none/m.sock")), false, "No such file or directory");
    REQUIRE(::chmod(folder.path("").c_str(), 0777) == 0);
    expect(Listener::probe("unix://" + folder.path("new.sock")), false, "may be written by other users");
}
