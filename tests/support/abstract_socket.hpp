// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/// Abstract unix sockets, as those of liblxc's monitors: LXCPATH/NAME/command.
namespace lxcmon::test {

/// A new socket, and bind() or connect() to this name; none if that fails.
[[nodiscard]] inline io::UniqueFd socket_at(int (*call)(int, const sockaddr*, socklen_t),
                                            const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t length = name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    const void* const generic = &address;
    io::UniqueFd made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
    if (call(made.get(), static_cast<const sockaddr*>(generic), bytes) != 0)
        made.reset();
    return made;
}

[[nodiscard]] inline io::UniqueFd listen_at(const std::string& name, int backlog = 1) {
    io::UniqueFd made = socket_at(&::bind, name);
    REQUIRE(::listen(made.get(), backlog) == 0);
    return made;
}

/// Connects until the listener takes no connection.
[[nodiscard]] inline std::vector<io::UniqueFd> fill(const std::string& name) {
    std::vector<io::UniqueFd> callers;
    while (io::UniqueFd caller = socket_at(&::connect, name)) {
        REQUIRE(callers.size() < 100);
        callers.push_back(std::move(caller));
    }
    REQUIRE(errno == EAGAIN);
    return callers;
}

} // namespace lxcmon::test
