#pragma once

#include "io/unique_fd.hpp"

#include <sys/types.h>

#include <functional>

namespace lxcmon::test {

/// A process of the test's own, killed with this object at the latest: stands in for a container's init.
class Child {
  public:
    /// Forks into the new namespaces that `clone_flags` (clone(2)) name; the child runs `prepare`, then
    /// `live`, and waits for its end. Returns when `prepare` has; throws where that gave false. Namespaces
    /// need root.
    explicit Child(int clone_flags = 0, const std::function<bool()>& prepare = {},
                   const std::function<void()>& live = {});
    ~Child() { end(); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Kills it, and returns when it has gone; the pidfd stays.
    void end() noexcept;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

  private:
    pid_t pid_ = -1;
    bool running_ = false;
    io::UniqueFd pidfd_;
};

/// Gives the calling process, which must be in a mount namespace of its own, a tmpfs as its root filesystem,
/// mounted with `options`; `directory` is where it is mounted before. Returns whether that worked.
[[nodiscard]] bool enter_tmpfs_root(const char* directory, const char* options) noexcept;

/// Whether the process of a pidfd ends within five seconds.
[[nodiscard]] bool ends_soon(int pidfd) noexcept;

} // namespace lxcmon::test
