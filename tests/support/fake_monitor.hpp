// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "support/child.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <string>

namespace lxcmon::test {

/// A process of user `uid` that listens on the socket of liblxc's monitor of a container. Like a monitor it
/// closes incoming connections, unless `silent`.
class FakeMonitor {
  public:
    FakeMonitor(uid_t uid, const std::string& lxcpath, const std::string& name, bool silent = false)
        : process_(
              0, [&] { return ::setuid(uid) == 0 && listen(lxcpath + "/" + name + "/command"); },
              [this, silent] {
                  ::prctl(PR_SET_PDEATHSIG, SIGKILL); // setuid() resets it
                  while (!silent)
                      hang_up();
              }) {}
    void end() noexcept { process_.end(); }

  private:
    /// Truncates a name that is too long for the address.
    bool listen(const std::string& place) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::size_t length = place.copy(address.sun_path + 1, sizeof address.sun_path - 1);
        const void* const generic = &address;
        const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
        socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return ::bind(socket_, static_cast<const sockaddr*>(generic), bytes) == 0 &&
               ::listen(socket_, 8) == 0;
    }
    void hang_up() const {
        const int caller = ::accept(socket_, nullptr, nullptr);
        std::array<char, 4096> question{};
        ::recv(caller, question.data(), question.size(), 0); // the content does not matter
        ::close(caller);
    }

    int socket_ = -1; ///< the child's, which ends with it
    Child process_;
};

} // namespace lxcmon::test
