#include "support/fake_http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

namespace lxcmon::test {

namespace {

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' && at + 2 < text.size()) {
            out += static_cast<char>(std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16));
            at += 2;
        } else {
            out += text[at] == '+' ? ' ' : text[at];
        }
    }
    return out;
}

std::map<std::string, std::string> parsed_query(std::string_view text) {
    std::map<std::string, std::string> query;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        query[decoded(pair.substr(0, equals))] =
            equals == std::string_view::npos ? std::string() : decoded(pair.substr(equals + 1));
    }
    return query;
}

HttpRequestSeen parsed_head(std::string_view head) {
    HttpRequestSeen request;
    const std::string_view first = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), first.size() + 2));
    const auto space = first.find(' ');
    const std::string_view target = first.substr(space + 1, first.rfind(' ') - space - 1);
    request.method = first.substr(0, space);
    request.path = decoded(target.substr(0, target.find('?')));
    if (const auto mark = target.find('?'); mark != std::string_view::npos)
        request.query = parsed_query(target.substr(mark + 1));
    while (!head.empty()) {
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(head.size(), line.size() + 2));
        const auto colon = line.find(':');
        std::string name(line.substr(0, colon));
        for (char& c : name)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        request.headers[name] =
            colon == std::string_view::npos ? "" : line.substr(line.find_first_not_of(' ', colon + 1));
    }
    return request;
}

/// Blocks; a peer that is gone is no error.
bool send_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

/// close() then sends RST.
void reset_on_close(int fd) {
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

std::string head_of(const HttpAnswer& answer, std::size_t length) {
    std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n";
    for (const auto& [name, value] : answer.headers)
        head.append(name).append(": ").append(value).append("\r\n");
    if (answer.status != 204)
        head += "Content-Length: " + std::to_string(length) + "\r\n";
    return head + "\r\n";
}

} // namespace

FakeHttpServer::FakeHttpServer()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    , wake_(::eventfd(0, EFD_CLOEXEC)) {
    ::setenv("no_proxy", "127.0.0.1", 1); // a proxy of the machine has no part in a test
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0)
        throw std::runtime_error("the fake server gets no port");
    port_ = ntohs(address.sin_port);
    handler_ = [](const HttpRequestSeen&) { return HttpAnswer{}; };
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

/// True when a whole request was there.
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
        // Before the answer: who has got it finds the request recorded.
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
        arrived_.notify_all();
    }
    answer(connection, chosen);
    return true;
}

/// The next answer of the script, where it does not wait for the body.
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
