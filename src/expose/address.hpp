// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string>

namespace lxcmon::expose {

/// An address that only this host can reach: a loopback address with a port, or the path of a unix socket.
struct LocalAddress {
    std::string host; ///< 127.0.0.0/8 or ::1, without brackets; empty: a unix socket
    std::uint16_t port = 0;
    std::string socket_path; ///< absolute
};

/// "127.0.0.1:9105", "[::1]:9105", "unix:///run/lxcmon-push/metrics.sock". nullopt: anything else, other
/// addresses included.
[[nodiscard]] std::optional<LocalAddress> parse_local(const std::string& text);

/// What is wrong with a text that parse_local() refuses, and what is expected.
[[nodiscard]] std::string why_not_local(const std::string& text);

/// Of a loopback address.
[[nodiscard]] sockaddr_storage socket_address(const LocalAddress& address);

/// Of a unix socket.
[[nodiscard]] sockaddr_un socket_address(const std::string& path);

/// Throws, as listen_at(), if there is no such folder, or another user could put a link or a socket at this
/// path, before or after.
void check_socket_folder(const std::string& path);

/// A unix socket that listens at `path`; all users who reach it may connect: the folder decides. A socket
/// that nobody listens on any more is replaced. Throws std::system_error, and std::runtime_error if another
/// user owns or may write a folder on the way (see Strangers).
[[nodiscard]] io::UniqueFd listen_at(const std::string& path);

/// Removes the socket if it is still that one; errors are ignored.
void remove_socket(const std::string& path, ino_t inode);

} // namespace lxcmon::expose
