// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"
#include "support/http_text.hpp"

#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace lxcmon::test {

/// How an answer fails.
enum class Fault {
    none,
    reset,        ///< the connection is reset instead of an answer
    reset_midway, ///< reset within the answer's body
    silence,      ///< no answer at all
    endless,      ///< the head and a part of the body, then silence
    flood,        ///< the head and 8 MiB of body at full speed, then silence
    close_early,  ///< answered after the request's head, and closed with the body unread
    drip,         ///< the head, then single bytes with pauses
    repeat,       ///< the status line, then the body as raw bytes, repeated up to 256 MiB
    raw,          ///< only the body, as raw bytes, then closed
    hold,         ///< answered after release()
};

struct HttpAnswer {
    int status = 204;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers{};
    Fault fault = Fault::none;
};

/// A small HTTP/1.1 server on a loopback port, with its own thread. It answers from a script, then from a
/// handler (204 by default), and records every request. All functions are thread-safe.
class FakeHttpServer {
  public:
    using Handler = std::function<HttpAnswer(const HttpRequestSeen&)>;

    FakeHttpServer()
        : FakeHttpServer("127.0.0.1", 0) {}
    /// Port 0: any.
    FakeHttpServer(const char* address, std::uint16_t port);
    /// Listens on a unix socket instead.
    explicit FakeHttpServer(const std::string& socket_path);
    ~FakeHttpServer();
    FakeHttpServer(const FakeHttpServer&) = delete;
    FakeHttpServer& operator=(const FakeHttpServer&) = delete;
    FakeHttpServer(FakeHttpServer&&) = delete;
    FakeHttpServer& operator=(FakeHttpServer&&) = delete;

    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; } ///< 0: a unix socket

    void script(HttpAnswer answer);
    void handle(Handler handler);
    void release();

    [[nodiscard]] std::vector<HttpRequestSeen> requests() const;

    /// Waits for `count` requests; false on time-out.
    [[nodiscard]] bool wait_for_requests(std::size_t count,
                                         std::chrono::seconds timeout = std::chrono::seconds(20)) const;

  private:
    struct Connection {
        io::UniqueFd fd;
        std::string input;
        std::string held; ///< an answer to send after release()
        std::size_t number = 0;
        bool parked = false; ///< no more answers on this connection
        bool closed = false;
    };

    explicit FakeHttpServer(int socket);
    void listen(const sockaddr* address, socklen_t size);
    void run();
    void wake() const;
    void accept_connection();
    void read_from(Connection& connection);
    bool take_request(Connection& connection);
    static void answer(Connection& connection, const HttpAnswer& answer);
    HttpAnswer next_answer(const HttpRequestSeen& request);
    [[nodiscard]] const HttpAnswer* early_answer();

    io::UniqueFd listener_;
    io::UniqueFd wake_;
    std::string url_;
    std::uint16_t port_ = 0;
    std::list<Connection> connections_;
    std::size_t accepted_ = 0;

    mutable std::mutex mutex_; ///< protects the members below
    mutable std::condition_variable arrived_;
    std::deque<HttpAnswer> script_;
    Handler handler_;
    std::vector<HttpRequestSeen> requests_;
    bool released_ = false;
    bool stopping_ = false;

    std::thread thread_;
};

} // namespace lxcmon::test
