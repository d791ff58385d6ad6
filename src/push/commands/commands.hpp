// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "push/invocation.hpp"

/// The subcommands. Each returns the exit code of the program and throws the same exceptions as Agent.
namespace lxcmon::push {

int list_containers(const Invocation& invocation);
int top(const Invocation& invocation);
int show_fields(const Invocation& invocation);
int check(const Invocation& invocation);
int replay(const Invocation& invocation);
int import_config(const Invocation& invocation);

} // namespace lxcmon::push
