// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"
#include "support/temp_folder.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace lxcmon::test {

/// A CA with valid and invalid certificates, made by the command openssl; see make_certificates.sh.
class Certificates {
  public:
    /// Made at the first call and shared by all tests of a run.
    static const Certificates& made();

    [[nodiscard]] std::string certificate(const std::string& name) const {
        return folder_.path(name + ".pem");
    }
    [[nodiscard]] std::string key(const std::string& name) const { return folder_.path(name + ".key"); }

  private:
    Certificates();

    TempFolder folder_;
};

/// A real HTTPS server (Python's ssl) on loopback in a child process, which ends with this object.
class TlsServer {
  public:
    /// `arguments` of tls_server.py; without any it serves plain HTTP.
    explicit TlsServer(const std::vector<std::string>& arguments);
    ~TlsServer();
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    /// "https://HOST:PORT"
    [[nodiscard]] std::string url(const std::string& scheme = "https",
                                  const std::string& host = "127.0.0.1") const {
        return scheme + "://" + host + ":" + port_;
    }

  private:
    pid_t pid_ = -1;
    io::UniqueFd stdin_; ///< closing it ends the server
    std::string port_;
};

} // namespace lxcmon::test
