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

/// What goes wrong with an answer.
enum class Fault {
    none,
    reset,        ///< the connection is reset in place of an answer
    reset_midway, ///< reset within the answer's body
    silence,      ///< nothing is ever answered
    endless,      ///< the head, some body, and then no end
    flood,        ///< the head, and body without end as fast as it is taken, 8 MiB in all, then silence
    close_early,  ///< answered once the head is there, and closed with the body unread
    drip,         ///< the head, and then a byte now and then
    repeat,       ///< the status line, and then the body, as it is, over and over: 256 MiB at most
    raw,          ///< the body is all that is sent, as it is; then closed
    hold,         ///< answered when release() is called
};

struct HttpAnswer {
    int status = 204;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers{};
    Fault fault = Fault::none;
};

/// A small HTTP/1.1 server on a loopback port, in a thread of its own. It answers from a script, then
/// from a handler (204 by default), and keeps every request. Any function from any thread.
class FakeHttpServer {
  public:
    using Handler = std::function<HttpAnswer(const HttpRequestSeen&)>;

    FakeHttpServer();
    /// On a unix socket.
    explicit FakeHttpServer(const std::string& socket_path);
    ~FakeHttpServer();
    FakeHttpServer(const FakeHttpServer&) = delete;
    FakeHttpServer& operator=(const FakeHttpServer&) = delete;
    FakeHttpServer(FakeHttpServer&&) = delete;
    FakeHttpServer& operator=(FakeHttpServer&&) = delete;

    [[nodiscard]] const std::string& url() const noexcept { return url_; }

    void script(HttpAnswer answer);
    void handle(Handler handler);
    void release();

    [[nodiscard]] std::vector<HttpRequestSeen> requests() const;

    /// False when there are fewer after the time-out.
    [[nodiscard]] bool wait_for_requests(std::size_t count,
                                         std::chrono::seconds timeout = std::chrono::seconds(20)) const;

  private:
    struct Connection {
        io::UniqueFd fd;
        std::string input;
        std::string held; ///< an answer that waits for release()
        std::size_t number = 0;
        bool parked = false; ///< nothing more is answered here
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
    std::list<Connection> connections_;
    std::size_t accepted_ = 0;

    mutable std::mutex mutex_; ///< for all below
    mutable std::condition_variable arrived_;
    std::deque<HttpAnswer> script_;
    Handler handler_;
    std::vector<HttpRequestSeen> requests_;
    bool released_ = false;
    bool stopping_ = false;

    std::thread thread_;
};

} // namespace lxcmon::test
