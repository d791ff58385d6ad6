// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "discover/lxcpath_owner.hpp"

#include <span>
#include <string>

namespace lxcmon::discover {

/// Main function of the process that asks liblxc about the containers of one owner. liblxc has no deadline,
/// and reads what the owner has written: it may hang or crash on that. `socket` is the process's end of a
/// SOCK_SEQPACKET pair, on which it answers the questions of lxc_protocol.hpp in turn. First takes the rights
/// of `owner` (take_rights_of()). Exits when the agent has closed the other end. Logs nothing, as it is
/// forked from a threaded process.
///
/// For another user than this process's the worker executes the program anew, if its main() calls
/// serve_as_lxc_worker(): an attacker who takes it over finds no token and no other container's data in its
/// memory.
[[noreturn]] void run_lxc_worker(int socket, const LxcOwner& owner) noexcept;

/// Call it first in main(), before anything secret is in memory. Returns if this is not a worker.
void serve_as_lxc_worker(std::span<char* const> arguments) noexcept;

/// Name of the process (comm), 15 bytes at most: users must not share one, see io::WorkerProcess.
[[nodiscard]] std::string lxc_worker_name(const LxcOwner& owner);
/// The same for a process that answers LxcAsk::init about a user's containers alone.
[[nodiscard]] std::string init_worker_name(const LxcOwner& owner);

} // namespace lxcmon::discover
