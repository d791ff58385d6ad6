// SPDX-License-Identifier: GPL-2.0-or-later
#include "expose/listener.hpp"

#include "expose/address.hpp"
#include "io/signals_blocked.hpp"
#include "text/contains.hpp"
#include "text/same_kind.hpp"

#include <microhttpd.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace lxcmon::expose {

struct MetricsTexts {
    std::string plain, openmetrics;
    std::chrono::steady_clock::time_point made = std::chrono::steady_clock::now();
};

namespace {

using SharedTexts = std::shared_ptr<const MetricsTexts>;
using Clock = std::chrono::steady_clock;

constexpr unsigned most_connections = 32;
constexpr std::size_t request_bytes = std::size_t{32} * 1024;
constexpr unsigned idle_seconds = 10;
/// Texts that slow readers keep in memory.
constexpr std::size_t most_lent = 3;

constexpr const char* plain_type = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* openmetrics_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// 0: there is nothing.
ino_t inode_of(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

struct CloseResponse {
    void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, CloseResponse>;

void release_texts(void* texts) {
    delete static_cast<SharedTexts*>(texts);
}

/// Borrows the text: an answer that is on its way keeps it.
Response make_response(const SharedTexts& texts, bool wants_openmetrics) {
    const std::string& text = wants_openmetrics ? texts->openmetrics : texts->plain;
    auto owner = std::make_unique<SharedTexts>(texts);
    Response response(MHD_create_response_from_buffer_with_free_callback_cls(
        text.size(), const_cast<char*>(text.data()), &release_texts, owner.get()));
    if (!response)
        return response;
    owner.release(); // NOLINT(bugprone-unused-return-value)
    MHD_add_response_header(response.get(), "Content-Type",
                            wants_openmetrics ? openmetrics_type : plain_type);
    return response;
}

/// `text`: a literal.
Response make_message(std::string_view text) {
    Response response(
        MHD_create_response_from_buffer(text.size(), const_cast<char*>(text.data()), MHD_RESPMEM_PERSISTENT));
    if (response)
        MHD_add_response_header(response.get(), "Content-Type", "text/plain; charset=utf-8");
    return response;
}

MHD_Result answer(MHD_Connection* connection, unsigned status, const Response& response) {
    return response ? MHD_queue_response(connection, status, response.get()) : MHD_NO;
}

} // namespace

struct Listener::Server {
    explicit Server(std::chrono::nanoseconds age)
        : max_age(age) {}
    ~Server() { stop(); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    Server(Server&&) = delete;
    Server& operator=(Server&&) = delete;

    std::mutex mutex;
    std::chrono::nanoseconds max_age;          ///< under the mutex
    std::shared_ptr<const MetricsTexts> texts; ///< under the mutex; nullptr: none yet
    MHD_Daemon* daemon = nullptr;
    std::string socket_path; ///< of the unix socket on which it listens; empty: another kind
    ino_t socket_inode = 0;

    std::vector<std::weak_ptr<const MetricsTexts>>
        lent; ///< to answers that are on their way; the listener's thread

    [[nodiscard]] bool start(const LocalAddress& address);
    /// Somebody has removed the socket, or another one is there: nobody can connect any more.
    [[nodiscard]] bool has_lost_socket() const {
        return !socket_path.empty() && inode_of(socket_path) != socket_inode;
    }
    void stop() {
        if (daemon != nullptr)
            MHD_stop_daemon(std::exchange(daemon, nullptr));
        if (!socket_path.empty())
            remove_socket(socket_path, socket_inode);
        socket_path.clear();
    }

    /// Why there is no text to lend; empty: `now` has one.
    [[nodiscard]] std::string_view lend(SharedTexts& now) {
        const std::scoped_lock lock(mutex);
        if (texts == nullptr || Clock::now() - texts->made > max_age)
            return "The last sample is older than three intervals\n";
        std::erase_if(lent, [](const auto& each) { return each.expired(); });
        const auto is_current = [this](const auto& each) { return each.lock() == texts; };
        if (std::ranges::none_of(lent, is_current)) {
            if (lent.size() >= most_lent)
                return "Earlier answers are read too slowly\n";
            lent.push_back(texts);
        }
        now = texts;
        return {};
    }

    MHD_Result reply(MHD_Connection* connection, std::string_view path, std::string_view method) {
        if (path != "/metrics")
            return answer(connection, MHD_HTTP_NOT_FOUND,
                          make_message("Not found; the metrics are at /metrics\n"));
        if (method != "GET" && method != "HEAD") {
            const Response response = make_message("Only GET and HEAD\n");
            if (response)
                MHD_add_response_header(response.get(), "Allow", "GET, HEAD");
            return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, response);
        }
        SharedTexts now;
        if (const std::string_view why_not = lend(now); !why_not.empty())
            return answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, make_message(why_not));
        const char* const accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
        const bool wants_openmetrics =
            accept != nullptr && text::contains(accept, "application/openmetrics-text");
        return answer(connection, MHD_HTTP_OK, make_response(now, wants_openmetrics));
    }

    static MHD_Result handle(void* server, MHD_Connection* connection, const char* path, const char* method,
                             const char* /*version*/, const char* /*body*/, std::size_t* /*body_bytes*/,
                             void** /*state*/) noexcept {
        try {
            return static_cast<Server*>(server)->reply(connection, path, method);
        } catch (const std::exception&) { // no memory: closes this connection alone
            return MHD_NO;
        }
    }
};

Listener::Listener(std::string address, std::chrono::nanoseconds max_age)
    : address_(std::move(address))
    , server_(std::make_unique<Server>(max_age)) {}

Listener::~Listener() = default;

void Listener::set_max_age(std::chrono::nanoseconds max_age) {
    const std::scoped_lock lock(server_->mutex);
    server_->max_age = max_age;
}

void Listener::publish(std::string plain, std::string openmetrics) {
    auto texts = std::make_shared<MetricsTexts>();
    texts->plain = std::move(plain);
    texts->openmetrics = std::move(openmetrics);
    {
        const std::scoped_lock lock(server_->mutex);
        server_->texts = std::move(texts);
    }
    if (server_->has_lost_socket())
        server_->stop();
    if (server_->daemon == nullptr)
        listen();
}

/// False: errno says why.
bool Listener::Server::start(const LocalAddress& address) {
    sockaddr_storage storage{};
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
    std::array<MHD_OptionItem, 2> place{{{MHD_OPTION_END, 0, nullptr}, {MHD_OPTION_END, 0, nullptr}}};
    if (address.host.empty()) {
        // libmicrohttpd closes it, also if it fails.
        place[0] = {MHD_OPTION_LISTEN_SOCKET, listen_at(address.socket_path).release(), nullptr};
    } else {
        storage = socket_address(address);
        flags |= storage.ss_family == AF_INET6 ? unsigned{MHD_USE_IPv6} : 0U;
        place[0] = {MHD_OPTION_SOCK_ADDR, 0, &storage};
    }
    errno = 0;
    daemon = MHD_start_daemon(flags, address.port, nullptr, nullptr, &Server::handle, this, MHD_OPTION_ARRAY,
                              place.data(), MHD_OPTION_CONNECTION_LIMIT, most_connections,
                              MHD_OPTION_CONNECTION_MEMORY_LIMIT, request_bytes,
                              MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds, MHD_OPTION_END);
    if (daemon == nullptr)
        return false;
    socket_path = address.socket_path;
    socket_inode = inode_of(socket_path);
    return true;
}

void Listener::listen() {
    const auto address = parse_local(address_);
    if (!address)
        return;
    const io::SignalsBlocked blocked;
    std::string why;
    try {
        if (server_->start(*address)) {
            logged_.clear();
            spdlog::info("metrics for Prometheus: {}",
                         address->host.empty() ? address_ : "http://" + address_ + "/metrics");
            return;
        }
        const int error = errno;
        why = error == 0 ? "unknown error" : std::generic_category().message(error);
        if (error == EPERM || error == EACCES)
            why += "; the service needs a drop-in to listen (lxcmon-push's docs/prometheus.md)";
    } catch (const std::exception& error) {
        why = error.what();
    }
    if (!text::same_kind(why, logged_))
        spdlog::error("no metrics for Prometheus: can't listen on {}: {}", address_, why);
    logged_ = std::move(why);
}

} // namespace lxcmon::expose
