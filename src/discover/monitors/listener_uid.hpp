// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

namespace lxcmon::discover {

/// The user who has created the listening stream socket with this abstract name (without its leading NUL), in
/// the network namespace of this process. Asks the kernel (sock_diag(7), Linux 5.3) and does not connect: a
/// listener that takes no connection tells no SO_PEERCRED. Absent if there is none, if the kernel can't tell
/// (an old one, no module unix_diag), or after 50 ms of CPU: any user can create thousands of sockets.
[[nodiscard]] std::optional<uid_t> listener_uid(std::string_view socket_name) noexcept;

} // namespace lxcmon::discover
