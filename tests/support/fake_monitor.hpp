// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "support/child.hpp"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

namespace lxcmon::test {

/// A process of user `uid` that listens on the socket of liblxc's monitor of a container. Like a monitor it
/// closes incoming connections, unless `silent`. `namespaces`: flags of clone(2); `groups`: how many groups
/// of its own the process has.
class FakeMonitor {
  public:
    FakeMonitor(uid_t uid, const std::string& lxcpath, const std::string& name, bool silent = false,
                int namespaces = 0, std::size_t groups = 0)
        : process_(
              namespaces,
              [&] {
                  return take_groups(groups) && ::setuid(uid) == 0 &&
                         listen(lxcpath + "/" + name + "/command");
              },
              [this, silent] {
                  ::prctl(PR_SET_PDEATHSIG, SIGKILL); // setuid() resets it
                  while (!silent)
                      hang_up();
              }) {}
    void end() noexcept { process_.end(); }

  private:
    static bool take_groups(std::size_t count) {
        std::vector<gid_t> groups(count);
        for (std::size_t at = 0; at < count; ++at)
            groups[at] = 4'000'000'000U + static_cast<gid_t>(at);
        return count == 0 || ::setgroups(count, groups.data()) == 0;
    }
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
