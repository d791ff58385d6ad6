// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

/// A daemon that answers as LXD or Incus does.
namespace lxcmon::test {

/// Answers to GET /1.0.
inline constexpr const char* alone =
    R"({"metadata":{"api_extensions":["metrics","instance_all_projects"],"environment":{"server_name":"me","server_clustered":false}}})";
inline constexpr const char* of_cluster =
    R"({"metadata":{"api_extensions":["instance_all_projects"],"environment":{"server_name":"me","server_clustered":true}}})";

/// An instance in the answer to GET /1.0/instances; `more`: members of it, with a comma before each.
inline std::string instance(const std::string& name, const std::string& more = {},
                            const std::string& config = {}) {
    return R"({"type":"container","name":")" + name + "\"" + more + R"(,"expanded_config":{)" + config + "}}";
}

inline std::string answer_with(const std::string& instances) {
    return R"({"type":"sync","metadata":[)" + instances + "]}";
}

/// A daemon at a unix socket, with one answer for each connection. It ends with this object.
class UnixDaemon {
  public:
    explicit UnixDaemon(const std::string& path)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        const void* const generic = &address;
        REQUIRE(::bind(listener_.get(), static_cast<const sockaddr*>(generic), sizeof address) == 0);
        REQUIRE(::listen(listener_.get(), 8) == 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~UnixDaemon() {
        is_ending_ = true;
        thread_.join();
    }
    UnixDaemon(const UnixDaemon&) = delete;
    UnixDaemon& operator=(const UnixDaemon&) = delete;

    /// The whole reply to GET /1.0, and to GET /1.0/instances; empty: none, and the connection stays open.
    void answer(std::string server, std::string instances) {
        const std::lock_guard lock(mutex_);
        server_ = std::move(server);
        instances_ = std::move(instances);
    }
    void answer_well(const std::string& server, const std::string& instances) {
        const std::string head = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n";
        answer(head + server, head + answer_with(instances));
    }

  private:
    void serve() {
        while (!is_ending_) {
            pollfd wait{listener_.get(), POLLIN, 0};
            if (::poll(&wait, 1, 10) != 1)
                continue;
            io::UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            std::array<char, 4096> request{};
            const ssize_t length = ::recv(client.get(), request.data(), request.size(), 0);
            const std::string_view text(request.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
            const std::lock_guard lock(mutex_);
            const std::string& reply =
                text.starts_with("GET /1.0/instances?recursion=1&all-projects=true ") ? instances_ : server_;
            if (reply.empty())
                hung_ = std::move(client);
            else
                static_cast<void>(::send(client.get(), reply.data(), reply.size(), MSG_NOSIGNAL));
        }
    }

    io::UniqueFd listener_;
    io::UniqueFd hung_;
    std::atomic<bool> is_ending_ = false;
    std::mutex mutex_;
    std::string server_;
    std::string instances_;
    std::thread thread_;
};

} // namespace lxcmon::test
