// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/lxcpath_owner.hpp"

namespace lxcmon::discover {

/// Main function of the process that asks liblxc about the containers of one owner. liblxc has no deadline,
/// and reads what the owner has written: it may hang or crash on that. `socket` is the process's end of a
/// SOCK_SEQPACKET pair, on which it answers the questions of lxc_protocol.hpp in turn. First takes the rights
/// of `owner` (take_rights_of()). Exits when the agent has closed the other end. Logs nothing, as it is
/// forked from a threaded process.
[[noreturn]] void run_lxc_worker(int socket, const LxcOwner& owner) noexcept;

} // namespace lxcmon::discover
