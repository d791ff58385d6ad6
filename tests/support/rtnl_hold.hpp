// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <cstdint>
#include <thread>

namespace lxcmon::test {

/// Holds the kernel's lock for the interfaces of all network namespaces (RTNL), as the kernel itself does
/// while it destroys a network namespace with hundreds of interfaces. A thread asks for interfaces with
/// SIOCGIFCONF, whose answer the kernel writes under that lock; the page for the answer comes when release()
/// provides it (userfaultfd(2)). The lock is the whole machine's: hold it shortly. Needs root.
class RtnlHold {
  public:
    /// Returns when the lock is held. Throws std::system_error.
    RtnlHold();
    ~RtnlHold() { release(); }
    RtnlHold(const RtnlHold&) = delete;
    RtnlHold& operator=(const RtnlHold&) = delete;

    void release() noexcept;

  private:
    void* page_;
    io::UniqueFd faults_;
    std::thread holder_;
};

} // namespace lxcmon::test
