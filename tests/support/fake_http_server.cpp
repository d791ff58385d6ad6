// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

namespace lxcmon::test {

namespace {

constexpr std::size_t repeated_bytes = std::size_t{256} << 20U;

/// Blocks. A closed connection is no error.
bool send_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

/// Makes close() send RST.
void reset_on_close(int fd) {
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

std::string head_of(const HttpAnswer& answer, std::size_t length) {
    return head_text(answer.status, answer.headers, length);
}

/// Sends a byte every 10 ms until the peer closes the connection, for at most 30 s.
void drip(int fd, std::string_view head) {
    send_all(fd, head);
    for (int byte = 0; byte < 3000 && send_all(fd, "x"); ++byte) {
        pollfd gone{fd, POLLRDHUP, 0};
        if (::poll(&gone, 1, 10) > 0)
            return;
    }
}

} // namespace

FakeHttpServer::FakeHttpServer(const char* where, std::uint16_t port)
    : FakeHttpServer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = ::inet_addr(where);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    listen(generic, size);
    ::getsockname(listener_.get(), generic, &size);
    port_ = ntohs(address.sin_port);
    url_ = std::string("http://") + where + ":" + std::to_string(port_);
}

FakeHttpServer::FakeHttpServer(const std::string& socket_path)
    : FakeHttpServer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    listen(reinterpret_cast<sockaddr*>(&address), sizeof address);
    url_ = "unix://" + socket_path;
}

FakeHttpServer::FakeHttpServer(int socket)
    : listener_(socket)
    , wake_(::eventfd(0, EFD_CLOEXEC)) {
    ::setenv("no_proxy", "127.0.0.1", 1); // tests must not use the machine's proxy
    handler_ = [](const HttpRequestSeen&) { return HttpAnswer{}; };
}

void FakeHttpServer::listen(const sockaddr* address, socklen_t size) {
    if (::bind(listener_.get(), address, size) != 0 || ::listen(listener_.get(), 16) != 0)
        throw std::runtime_error("the fake server can't listen");
    thread_ = std::thread(&FakeHttpServer::run, this);
}

FakeHttpServer::~FakeHttpServer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake();
    thread_.join();
}

void FakeHttpServer::wake() const {
    const std::uint64_t one = 1;
    if (::write(wake_.get(), &one, sizeof one) < 0)
        std::abort();
}

void FakeHttpServer::script(HttpAnswer answer) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(answer));
}

void FakeHttpServer::handle(Handler handler) {
    const std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
}

void FakeHttpServer::release() {
    {
        const std::lock_guard lock(mutex_);
        released_ = true;
    }
    wake();
}

std::vector<HttpRequestSeen> FakeHttpServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

bool FakeHttpServer::wait_for_requests(std::size_t count, std::chrono::seconds timeout) const {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, timeout, [&] { return requests_.size() >= count; });
}

void FakeHttpServer::run() {
    for (;;) {
        std::vector<pollfd> waited{{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
        for (const Connection& connection : connections_)
            waited.push_back({connection.fd.get(), POLLIN, 0});
        ::poll(waited.data(), waited.size(), -1);
        bool released = false;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_)
                return;
            released = std::exchange(released_, false);
        }
        if (std::uint64_t count = 0; waited[0].revents != 0 && ::read(wake_.get(), &count, sizeof count) < 0)
            return;
        std::size_t at = 2;
        for (Connection& connection : connections_) {
            if (waited[at++].revents != 0)
                read_from(connection);
            if (released && !connection.held.empty())
                send_all(connection.fd.get(), std::exchange(connection.held, {}));
        }
        connections_.remove_if([](const Connection& connection) { return connection.closed; });
        if (waited[1].revents != 0)
            accept_connection();
    }
}

void FakeHttpServer::accept_connection() {
    Connection connection;
    connection.fd.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    connection.number = ++accepted_;
    connections_.push_back(std::move(connection));
}

void FakeHttpServer::read_from(Connection& connection) {
    std::array<char, 65536> bytes{};
    const ssize_t size = ::recv(connection.fd.get(), bytes.data(), bytes.size(), 0);
    connection.closed = size <= 0;
    if (connection.closed || connection.parked)
        return;
    connection.input.append(bytes.data(), static_cast<std::size_t>(size));
    while (!connection.closed && take_request(connection)) {
    }
}

/// True if the input had a whole request.
bool FakeHttpServer::take_request(Connection& connection) {
    const auto head_end = connection.input.find("\r\n\r\n");
    if (head_end == std::string::npos)
        return false;
    HttpRequestSeen request = parsed_head(std::string_view(connection.input).substr(0, head_end));
    request.connection = connection.number;
    const auto length_header = request.headers.find("content-length");
    const std::size_t length = length_header == request.headers.end() ? 0 : std::stoul(length_header->second);
    const bool early = early_answer() != nullptr;
    if (!early && connection.input.size() < head_end + 4 + length)
        return false;
    if (!early)
        request.body = connection.input.substr(head_end + 4, length);
    connection.input.erase(0, head_end + 4 + length);
    const HttpAnswer chosen = next_answer(request);
    {
        // Record before answering: the client may look for the request as soon as it has the answer.
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
        arrived_.notify_all();
    }
    answer(connection, chosen);
    return true;
}

/// The next answer of the script if it does not wait for the body, else nullptr.
const HttpAnswer* FakeHttpServer::early_answer() {
    const std::lock_guard lock(mutex_);
    return !script_.empty() && script_.front().fault == Fault::close_early ? &script_.front() : nullptr;
}

HttpAnswer FakeHttpServer::next_answer(const HttpRequestSeen& request) {
    Handler handler;
    {
        const std::lock_guard lock(mutex_);
        if (!script_.empty()) {
            HttpAnswer answer = std::move(script_.front());
            script_.pop_front();
            return answer;
        }
        handler = handler_;
    }
    return handler(request);
}

void FakeHttpServer::answer(Connection& connection, const HttpAnswer& answer) {
    const int fd = connection.fd.get();
    const std::string head = head_of(answer, answer.body.size());
    connection.parked = answer.fault != Fault::none && answer.fault != Fault::hold;
    switch (answer.fault) {
    case Fault::none:
        send_all(fd, head + answer.body);
        return;
    case Fault::hold:
        connection.held = head + answer.body;
        return;
    case Fault::silence:
        return;
    case Fault::endless:
        send_all(fd, head_of(answer, answer.body.size() + 1) + answer.body);
        return;
    case Fault::flood:
        send_all(fd, head_of(answer, std::size_t{1} << 30U));
        for (int block = 0; block < 128 && send_all(fd, std::string(65536, 'x')); ++block) {
        }
        return;
    case Fault::drip:
        drip(fd, head_of(answer, std::size_t{1} << 20U));
        break;
    case Fault::repeat: {
        send_all(fd, "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n");
        for (std::size_t sent = 0; sent < repeated_bytes && send_all(fd, answer.body);)
            sent += answer.body.size();
        break;
    }
    case Fault::raw:
        send_all(fd, answer.body);
        break;
    case Fault::close_early:
        send_all(fd, head + answer.body);
        break; // the unread body makes close() send RST
    case Fault::reset_midway:
        send_all(fd, head_of(answer, answer.body.size() + 1000) + answer.body);
        reset_on_close(fd);
        break;
    case Fault::reset:
        reset_on_close(fd);
        break;
    }
    connection.closed = true;
}

} // namespace lxcmon::test
