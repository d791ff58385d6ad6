// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/client.hpp"

#include "http/answer_reader.hpp"
#include "http/curl_options.hpp"
#include "http/failure.hpp"
#include "http/tls_files.hpp"
#include "http/url.hpp"
#include "text/printable.hpp"

#include <curl/curl.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <utility>

namespace lxcmon::http {

namespace {

using Clock = std::chrono::steady_clock;

void start_curl() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK)
        throw std::runtime_error("libcurl failed to initialize");
}

// Far above any response of InfluxDB.
constexpr std::size_t longest_head_bytes = std::size_t{256} * 1024;
constexpr std::size_t longest_body_bytes = std::size_t{4} * 1024 * 1024;

/// True if the status alone, without the body, tells what to do. A 400 with a truncated body can mean bad
/// lines or `partial write`; counting it as a response would lose good lines.
bool is_clear_without_body(int status) noexcept {
    return status >= 400 && status != 400 && status != 404 && status != 422 && status != 500;
}

/// Result of perform() at the deadline; not a CURLcode.
constexpr int deadline_passed = -1;

constexpr int proxy_wants_credentials = 407;

} // namespace

struct Client::Handles {
    struct EasyCleanup {
        void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
    };
    struct MultiCleanup {
        void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
    };
    struct ListCleanup {
        void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
    };
    // Destroyed in reverse order: the multi handle owns the connections and must close them last.
    std::unique_ptr<CURLM, MultiCleanup> multi{curl_multi_init()};
    std::unique_ptr<CURL, EasyCleanup> easy{curl_easy_init()};
    std::unique_ptr<curl_slist, ListCleanup> headers;
    std::array<char, CURL_ERROR_SIZE> error{};
    Reply reply;
    std::size_t head_bytes = 0;
    std::size_t body_bytes = 0;
    bool head_is_whole = false; ///< of the last response; libcurl takes a cut one for whole
    bool plain_http = false;
    bool running = false;

    void add_header(const char* header) {
        curl_slist* longer = curl_slist_append(headers.get(), header);
        if (longer == nullptr)
            throw std::bad_alloc();
        static_cast<void>(headers.release());
        headers.reset(longer);
    }

    [[nodiscard]] bool too_long() const noexcept {
        return head_bytes > longest_head_bytes || body_bytes > longest_body_bytes;
    }

    // Returning another size aborts the exchange: a server could send without end, and libcurl keeps every
    // header line.
    static std::size_t on_head(char* data, std::size_t, std::size_t size, void* self_pointer) {
        auto& self = *static_cast<Handles*>(self_pointer);
        self.head_bytes += size;
        const std::string_view line(data, size);
        if (line.starts_with("HTTP/")) // also after an interim response
            self.head_is_whole = false;
        else if (line == "\r\n" || line == "\n")
            self.head_is_whole = true;
        read_head_line(line, self.reply);
        return self.too_long() ? 0 : size;
    }
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self_pointer) {
        auto& self = *static_cast<Handles*>(self_pointer);
        self.body_bytes += size;
        read_body({data, size}, self.reply);
        return self.too_long() ? 0 : size;
    }
    /// A server that refuses a body (413) may respond and close while the body is being sent. If libcurl
    /// meets the broken pipe before it has read the response, the response is still in the socket.
    static int on_close(void* self_pointer, curl_socket_t socket) {
        auto& self = *static_cast<Handles*>(self_pointer);
        if (self.running && self.plain_http && self.reply.status == 0) {
            std::array<char, 16384> waiting{};
            const ssize_t size = ::recv(socket, waiting.data(), waiting.size(), MSG_DONTWAIT);
            if (size > 0)
                read_answer({waiting.data(), static_cast<std::size_t>(size)}, self.reply);
        }
        return ::close(socket);
    }

    [[nodiscard]] Failure failure(int code) const;
};

Failure Client::Handles::failure(int code) const {
    Failure failure;
    failure.code = code;
    failure.detail = error.front() != '\0' ? error.data() : curl_easy_strerror(static_cast<CURLcode>(code));
    if (failure.detail.starts_with("Unsupported proxy")) // quotes the whole URL of http_proxy
        failure.detail = text::hide_credentials(failure.detail);
    curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &failure.os_error);
    curl_easy_getinfo(easy.get(), CURLINFO_SSL_VERIFYRESULT, &failure.verify_result);
    curl_easy_getinfo(easy.get(), CURLINFO_HTTP_CONNECTCODE, &failure.proxy_status);
    return failure;
}

Client::Client(Settings settings)
    : settings_(std::move(settings))
    , ca_pem_(read_certificate_folder(settings_.tls.ca))
    , deadline_(Clock::time_point::max().time_since_epoch().count()) {
    start_curl();
    handles_ = std::make_unique<Handles>();
    if (handles_->multi == nullptr || handles_->easy == nullptr)
        throw std::runtime_error("libcurl could not create a handle");
}

Client::~Client() = default;

void Client::set_deadline(Clock::time_point deadline) noexcept {
    deadline_ = deadline.time_since_epoch().count();
    curl_multi_wakeup(handles_->multi.get());
}

Reply Client::exchange(const Request& request) {
    Handles& at = *handles_;
    at.reply = Reply();
    at.error.front() = '\0';
    at.head_bytes = 0;
    at.body_bytes = 0;
    at.head_is_whole = false;
    prepare(request);
    const auto begun_at = std::chrono::system_clock::now();
    at.running = true;
    int code = perform();
    at.running = false;
    if (code == CURLE_OK && !at.head_is_whole)
        code = CURLE_RECV_ERROR;
    // An early refusal counts as a response, even if the connection broke before the body was sent.
    const bool refused_early =
        (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) && is_clear_without_body(at.reply.status);
    if (code == CURLE_OK || refused_early) {
        at.reply.begun_at = begun_at;
        at.reply.ended_at = std::chrono::system_clock::now();
        return std::move(at.reply);
    }
    const std::string where = shown_url(request.url.substr(0, request.url.find('?')));
    const Failure failure = code == deadline_passed ? Failure() : at.failure(code);
    at.reply = Reply();
    if (failure.proxy_status == proxy_wants_credentials)
        at.reply.status = proxy_wants_credentials; // the same status as for plain http
    else if (code == deadline_passed)
        at.reply.failure = where + ": aborted at the deadline";
    else
        at.reply.failure = describe_failure(failure, where, settings_);
    return std::move(at.reply);
}

void Client::prepare(const Request& request) {
    Handles& at = *handles_;
    CURL* easy = at.easy.get();
    at.plain_http = request.url.starts_with("http:");
    at.headers.reset();
    at.add_header("Expect:"); // saves a round trip, or a second if the server ignores it
    for (const std::string& header : request.headers)
        at.add_header(header.c_str());

    curl_easy_reset(easy); // options only; keeps the connection for connection_life
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); // a redirect would carry the token elsewhere
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); // a hanging DNS lookup must not delay shutdown
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "lxcmon-push");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, at.headers.get());
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, static_cast<long>(settings_.connection_life.count()));
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L); // a new connection takes the name's address of now
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, at.error.data());
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Handles::on_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &at);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Handles::on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &at);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Handles::on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &at);
    set_route(easy, settings_);
    set_tls(easy, settings_.tls, ca_pem_);
    if (!settings_.user.empty()) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, settings_.user.c_str());
        curl_easy_setopt(easy, CURLOPT_PASSWORD, settings_.password.c_str());
    }
    if (request.post) {
        // With a null pointer libcurl would read the body from stdin.
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
}

/// Returns a CURLcode or deadline_passed. Only set_deadline() needs the multi interface: it wakes a waiting
/// transfer.
int Client::perform() {
    CURLM* multi = handles_->multi.get();
    CURL* easy = handles_->easy.get();
    if (curl_multi_add_handle(multi, easy) != CURLM_OK)
        throw std::bad_alloc();
    int result = deadline_passed;
    for (int running = 1; running != 0;) {
        const Clock::time_point deadline{Clock::duration(deadline_.load())};
        const auto now = Clock::now();
        if (now >= deadline || curl_multi_perform(multi, &running) != CURLM_OK)
            break;
        constexpr std::chrono::milliseconds longest_poll{1000};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            std::min<Clock::duration>(deadline - now, longest_poll));
        if (running != 0)
            curl_multi_poll(multi, nullptr, 0, static_cast<int>(left.count()), nullptr);
    }
    int messages_left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &messages_left))
        if (message->msg == CURLMSG_DONE)
            result = message->data.result;
    curl_multi_remove_handle(multi, easy);
    return result;
}

} // namespace lxcmon::http
