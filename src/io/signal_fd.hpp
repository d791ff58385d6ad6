#pragma once

#include "io/unique_fd.hpp"

#include <initializer_list>
#include <string>

namespace lxcmon::io {

/// Blocks these signals in the calling thread and those it starts later. Throws std::system_error.
void block_signals(std::initializer_list<int> signals);

/// Signals as something to poll (signalfd(2)). They must be blocked in every thread.
class SignalFd {
  public:
    /// Throws std::system_error.
    explicit SignalFd(std::initializer_list<int> signals);
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Takes one signal: "SIGTERM".
    [[nodiscard]] std::string read_name();

  private:
    UniqueFd fd_;
};

} // namespace lxcmon::io
