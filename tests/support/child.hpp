// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <sys/types.h>

#include <functional>

namespace lxcmon::test {

/// A child process of the test in the role of a container's init. The destructor kills it.
class Child {
  public:
    /// Forks with `clone_flags` (clone(2)) for new namespaces, which need root. The child runs `prepare`,
    /// then `live`, and waits to be killed. Returns after `prepare`; throws if that returned false.
    explicit Child(int clone_flags = 0, const std::function<bool()>& prepare = {},
                   const std::function<void()>& live = {});
    ~Child() { end(); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Kills and reaps the child; the pidfd stays open.
    void end() noexcept;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

  private:
    pid_t pid_ = -1;
    bool running_ = false;
    io::UniqueFd pidfd_;
};

/// Makes a tmpfs with mount options `options` the root filesystem of the calling process, which must be in
/// its own mount namespace. The tmpfs is first mounted on `directory`. False on failure.
[[nodiscard]] bool enter_tmpfs_root(const char* directory, const char* options) noexcept;

/// Waits up to five seconds; true if the process of the pidfd ends.
[[nodiscard]] bool ends_soon(int pidfd) noexcept;

} // namespace lxcmon::test
