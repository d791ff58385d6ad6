// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace lxcmon::app {

/// Forbids core dumps and reading of this process's memory by other processes of its user, because the memory
/// holds passwords and tokens. Children inherit this until they execute another program; a process with
/// CAP_SYS_PTRACE (a debugger of root) is not affected. Call it before a secret is read.
void protect_memory() noexcept;

/// Overwrites the values of --`option` in the arguments of main(), which all users see in ps.
void hide_argument(std::span<char*> arguments, std::string_view option) noexcept;

} // namespace lxcmon::app
