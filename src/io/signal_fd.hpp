// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <initializer_list>
#include <string>

namespace lxcmon::io {

/// Blocks these signals in the calling thread and in threads it starts later. Throws std::system_error.
void block_signals(std::initializer_list<int> signals);

/// A pollable descriptor of signals (signalfd(2)). The signals must be blocked in every thread.
class SignalFd {
  public:
    /// Throws std::system_error.
    explicit SignalFd(std::initializer_list<int> signals);
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Takes one pending signal and returns its name ("SIGTERM", or "signal" if it has none); an empty text
    /// if none is pending. Does not block. Throws std::system_error.
    [[nodiscard]] std::string read_name();

  private:
    UniqueFd fd_;
};

} // namespace lxcmon::io
