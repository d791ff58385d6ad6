// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "app/settings/command.hpp"
#include "push/invocation.hpp"

#include <span>

namespace lxcmon::push {

/// A subcommand and the function that runs it. The function returns the exit code of the program and throws
/// the same exceptions as Agent.
struct CommandRow : app::Command {
    int (*run)(const Invocation& invocation) = nullptr;
    bool uses_log_file = true; ///< otherwise the log goes to standard error
};

[[nodiscard]] std::span<const CommandRow> command_table() noexcept;

} // namespace lxcmon::push
