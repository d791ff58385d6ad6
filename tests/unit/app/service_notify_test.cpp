// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/service_notify.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

using namespace lxcmon;
using namespace lxcmon::app;
using namespace std::chrono_literals;
using Clock = ServiceNotify::Clock;

namespace {

/// A notification socket like that of systemd, and the environment variables of a service.
class Manager {
  public:
    explicit Manager(const char* watchdog_usec = nullptr)
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        const std::string path = folder_.path("notify");
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        const void* const generic = &address;
        REQUIRE(::bind(socket_.get(), static_cast<const sockaddr*>(generic), sizeof address) == 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
        if (watchdog_usec != nullptr)
            ::setenv("WATCHDOG_USEC", watchdog_usec, 1);
    }
    ~Manager() {
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
            ::unsetenv(name);
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    /// The next message; nullopt if there is none.
    [[nodiscard]] std::optional<std::string> take() const {
        std::array<char, 4096> buffer{};
        const ssize_t length = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        return length < 0 ? std::nullopt
                          : std::optional(std::string(buffer.data(), static_cast<std::size_t>(length)));
    }

  private:
    test::TempFolder folder_;
    io::UniqueFd socket_;
};

} // namespace

TEST_CASE("without a socket nothing is sent, and the loop may wait without a limit") {
    for (const char* watchdog_usec : {"", "20000000"}) { // the second: left over from another process
        ::setenv("WATCHDOG_USEC", watchdog_usec, 1);
        ServiceNotify service;
        CHECK_FALSE(service.is_enabled());
        service.ready();
        service.alive("1 container");
        CHECK(service.wait_msec() == -1);
    }
    ::unsetenv("WATCHDOG_USEC");
}

TEST_CASE("the messages to systemd, from start to end") {
    const Manager manager;
    ServiceNotify service;
    CHECK(service.is_enabled());
    service.ready();
    CHECK(manager.take() == "READY=1");
    service.alive("1 container");
    CHECK(manager.take() == "STATUS=1 container\n");
    service.reloading();
    const auto reloading = manager.take();
    REQUIRE(reloading);
    CHECK(reloading->starts_with("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(std::stoull(reloading->substr(reloading->rfind('=') + 1)) > 0);
    service.stopping("stopping: 3 points");
    CHECK(manager.take() == "STOPPING=1\nSTATUS=stopping: 3 points");
    CHECK_FALSE(manager.take());
}

TEST_CASE("a status is sent if it has changed") {
    const Manager manager;
    ServiceNotify service;
    for (const char* status : {"1 container", "2 containers", "1 container"}) {
        service.alive(status);
        CHECK(manager.take() == "STATUS=" + std::string(status) + "\n");
        service.alive(status);
        CHECK_FALSE(manager.take());
    }
    CHECK(service.wait_msec() == -1);
}

TEST_CASE("the watchdog is fed within half its time-out, and at most four times in it") {
    const Manager manager("20000000");
    ServiceNotify service;
    const Clock::time_point begin = Clock::now();
    service.alive("s", begin);
    CHECK(manager.take() == "STATUS=s\nWATCHDOG=1\n");
    CHECK(service.wait_msec(begin) == 10'000);
    CHECK(service.wait_msec(begin + 7s) == 3'000);
    CHECK(service.wait_msec(begin + 15s) == 0);
    service.alive("s", begin + 4999ms);
    CHECK_FALSE(manager.take());
    CHECK(service.wait_msec(begin + 4999ms) == 5'001);
    service.alive("s", begin + 5s);
    CHECK(manager.take() == "WATCHDOG=1\n");
    CHECK(service.wait_msec(begin + 5s) == 10'000);
}

TEST_CASE("the watchdog of another process is not fed") {
    const Manager manager("20000000");
    ::setenv("WATCHDOG_PID", "1", 1);
    ServiceNotify service;
    service.alive("s");
    CHECK(manager.take() == "STATUS=s\n");
    CHECK(service.wait_msec() == -1);
}

TEST_CASE("text of a server in the status can't inject another message to systemd") {
    const Manager manager;
    ServiceNotify service;
    service.alive("refused: a\nMAINPID=1\r\x01\xff");
    CHECK(manager.take() == "STATUS=refused: a MAINPID=1  \xEF\xBF\xBD\n");
}

TEST_CASE("a long status is cut between two characters") {
    const Manager manager;
    ServiceNotify service;
    std::string umlauts = "x";
    for (int at = 0; at < 300; ++at)
        umlauts += "\xc3\xa4";
    service.alive(umlauts);
    CHECK(manager.take() == "STATUS=" + umlauts.substr(0, 499) + "\n");
}
