// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <string>

namespace lxcmon::deliver {

/// Keeps a second agent away from an array: a lock on a file beside it (fcntl(2), F_SETLK). The kernel takes
/// it back at the end of this process, and a helper that is forked from it never has it. The file stays.
class ArrayLock {
  public:
    /// Takes the lock, unless this process has it already. Returns what prevents it; empty: nothing does.
    [[nodiscard]] std::string take(const std::string& path);

  private:
    io::UniqueFd fd_;
};

} // namespace lxcmon::deliver
