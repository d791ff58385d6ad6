// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "http/reply.hpp"
#include "http/settings.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lxcmon::http {

struct Request {
    bool post = false;
    std::string url;                  ///< complete and percent-encoded
    std::vector<std::string> headers; ///< "Name: value"
    std::string_view body;
    std::chrono::milliseconds timeout{10'000}; ///< for the whole exchange
};

/// An HTTP client with one connection, kept alive for Settings::connection_life; hides libcurl. The process
/// must ignore or block SIGPIPE. One thread at a time, except set_deadline().
class Client {
  public:
    /// Reads the certificates if settings.tls.ca is a folder. Throws std::invalid_argument if the folder
    /// can't be read, std::runtime_error if libcurl fails to initialize.
    explicit Client(Settings settings);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    Client(Client&&) = delete;
    Client& operator=(Client&&) = delete;

    /// Sends the request and waits for the response. Reply::failure is set if no complete response came.
    /// Throws only std::bad_alloc.
    [[nodiscard]] Reply exchange(const Request& request);

    /// Exchanges, also a running one, are aborted at this time. Any thread.
    void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept;

  private:
    struct Handles;

    void prepare(const Request& request);
    int perform();

    Settings settings_;
    std::string ca_pem_; ///< the certificates of the folder; empty if settings_.tls.ca is a file
    std::atomic<std::chrono::steady_clock::rep> deadline_;
    std::unique_ptr<Handles> handles_;
};

} // namespace lxcmon::http
