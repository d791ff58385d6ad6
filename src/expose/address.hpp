// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <sys/socket.h>

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

/// Of a loopback address.
[[nodiscard]] sockaddr_storage socket_address(const LocalAddress& address);

/// A unix socket that listens at `path`; all users who reach it may connect: the folder decides. A socket
/// that nobody listens on any more is replaced. Throws std::system_error, and std::runtime_error if another
/// user could put something else there.
[[nodiscard]] io::UniqueFd listen_at(const std::string& path);

} // namespace lxcmon::expose
