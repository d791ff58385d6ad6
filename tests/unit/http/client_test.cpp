// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_http_server.hpp"
#include "support/temp_tree.hpp"

#include "http/client.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <string>

using namespace lxcmon::http;
using lxcmon::test::FakeHttpServer;
using lxcmon::test::TempTree;

namespace {

constexpr const char* moving_name = "lxcmon-moving.test";

/// /etc/hosts of the thread that makes it, and of the threads that this one starts.
class Hosts {
  public:
    Hosts() {
        point_to("127.0.0.1");
        REQUIRE(::unshare(CLONE_NEWNS) == 0);
        REQUIRE(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
        REQUIRE(::mount((tree_.path() / "hosts").c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) == 0);
    }
    void point_to(const std::string& address) const {
        tree_.write("hosts", address + " " + moving_name + "\n");
    }

  private:
    TempTree tree_;
};

/// Sends requests until `after` gets one; `before` answers all the time. The number that it gets is 0 if that
/// does not happen in time.
std::size_t requests_after_move(const FakeHttpServer& before, const FakeHttpServer& after) {
    const Hosts hosts;
    Settings settings;
    settings.connection_life = std::chrono::seconds(1);
    Client client(settings);
    Request request;
    request.url = std::string("http://") + moving_name + ":" + std::to_string(before.port()) + "/";
    REQUIRE(client.exchange(request).status == 204);
    REQUIRE(before.requests().size() == 1);
    hosts.point_to("127.0.0.2");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (after.requests().empty() && std::chrono::steady_clock::now() < end)
        REQUIRE(client.exchange(request).status == 204);
    CHECK(before.requests().back().connection == 1);
    return after.requests().size();
}

} // namespace

TEST_CASE("a server whose name moves gets the requests, although the old one still answers" *
          doctest::test_suite("needs root")) {
    const FakeHttpServer before("127.0.0.1", 0);
    const FakeHttpServer after("127.0.0.2", before.port());
    ::setenv("no_proxy", moving_name, 1);
    // A thread of its own: its mounts end with it.
    CHECK(std::async(std::launch::async, [&] { return requests_after_move(before, after); }).get() == 1);
    ::setenv("no_proxy", "127.0.0.1", 1);
}
