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
    std::string url;                  ///< whole, encoded
    std::vector<std::string> headers; ///< "Name: value"
    std::string_view body;
    std::chrono::milliseconds timeout{10'000}; ///< for all of it
};

/// One connection to a server, kept alive; hides libcurl. The whole process must ignore or block
/// SIGPIPE. One thread at a time, except for set_deadline().
class Client {
  public:
    /// Reads the folder of certificates, if that is what there is. Throws std::runtime_error where libcurl
    /// does not start, std::invalid_argument where the folder can't be read.
    explicit Client(Settings settings);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    Client(Client&&) = delete;
    Client& operator=(Client&&) = delete;

    /// The answer, or in Reply::failure why there is none. Throws std::bad_alloc only.
    [[nodiscard]] Reply exchange(const Request& request);

    /// An exchange is given up at this time, the one that runs too. Any thread.
    void set_deadline(std::chrono::steady_clock::time_point deadline) noexcept;

  private:
    struct Handles;

    void prepare(const Request& request);
    int perform();

    Settings settings_;
    std::string ca_pem_; ///< the certificates of a folder; empty where it is a file
    std::atomic<std::chrono::steady_clock::rep> deadline_;
    std::unique_ptr<Handles> handles_;
};

} // namespace lxcmon::http
