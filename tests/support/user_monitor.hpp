// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "support/child.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

namespace lxcmon::test {

/// A process of the user's that listens as monitor of `name`, and gives each caller to `serve`.
class UserMonitor {
  public:
    UserMonitor(uid_t uid, const std::string& lxcpath, const std::string& name,
                std::function<void(int)> serve)
        : process_(
              0, [&] { return ::setgid(uid) == 0 && ::setuid(uid) == 0 && listen(lxcpath, name); },
              [this, serve = std::move(serve)] {
                  for (;;) {
                      const int caller = ::accept(socket_, nullptr, nullptr);
                      if (caller < 0)
                          ::pause(); // stop_listening()
                      std::array<char, 4096> question{};
                      // Without a question it hangs up, as a monitor.
                      if (::recv(caller, question.data(), question.size(), 0) > 0)
                          std::thread([=, this] { serve_one(serve, caller, question); }).detach();
                      else
                          ::close(caller);
                  }
              }) {}

  private:
    void serve_one(const std::function<void(int)>& serve, int caller,
                   const std::array<char, 4096>& question) const {
        std::memcpy(&command, question.data(), sizeof command);
        listener = socket_;
        serve(caller);
        ::close(caller);
    }
    bool listen(const std::string& lxcpath, const std::string& name) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::size_t length =
            (lxcpath + "/" + name + "/command").copy(address.sun_path + 1, sizeof address.sun_path - 1);
        const void* const generic = &address;
        socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return ::bind(socket_, static_cast<const sockaddr*>(generic),
                      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length)) == 0 &&
               ::listen(socket_, 64) == 0;
    }

    int socket_ = -1; ///< the child's, which ends with it
    Child process_;

  public:
    static inline thread_local int command = 0;   ///< of the question
    static inline thread_local int listener = -1; ///< the socket on which it came
};

/// liblxc's lxc_cmd_rsp.
struct LxcReply {
    int result;
    int length;
    std::uint64_t data;
};

inline void say(int caller, const LxcReply& reply) {
    ::send(caller, &reply, sizeof reply, MSG_NOSIGNAL);
}

/// As the monitor of a running container whose init is `pid`.
inline std::function<void(int)> claims(pid_t pid) {
    return [pid](int caller) {
        constexpr int get_state = 3, get_init_pid = 4, running = 2;
        if (UserMonitor::command == get_state)
            say(caller, {0, 0, running});
        else if (UserMonitor::command == get_init_pid)
            say(caller, {0, 0, static_cast<std::uint64_t>(pid)});
        else
            say(caller, {-1, 0, 0});
    };
}

} // namespace lxcmon::test
