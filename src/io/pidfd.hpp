#pragma once

#include <sys/types.h>

namespace lxcmon::io {

/// Whether the process of a pidfd has not ended yet (pidfd_open(2): a pidfd is readable when it has).
[[nodiscard]] bool is_alive(int pidfd) noexcept;

/// The pid in our pid namespace, from /proc/self/fdinfo; 0 where the process has ended or can't be told.
[[nodiscard]] pid_t pid_of(int pidfd) noexcept;

} // namespace lxcmon::io
