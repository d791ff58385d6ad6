// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

namespace lxcmon::io {

/// True if the process of a pidfd has not ended (pidfd_open(2): a pidfd is readable after that). Use it to
/// confirm that a pid was not reused: false also if that can't be known, for example for -1.
[[nodiscard]] bool is_alive(int pidfd) noexcept;
/// True if the process has ended. False also if that can't be known.
[[nodiscard]] bool has_ended(int pidfd) noexcept;

/// The pid in our pid namespace, from /proc/self/fdinfo; 0 if the process has ended or the pid is unknown.
[[nodiscard]] pid_t pid_of(int pidfd) noexcept;

} // namespace lxcmon::io
