// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <csignal>

namespace lxcmon::io {

/// Threads that the calling thread starts while this object lives have all signals blocked: the main thread
/// handles signals.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    SignalsBlocked(SignalsBlocked&&) = delete;
    SignalsBlocked& operator=(SignalsBlocked&&) = delete;

  private:
    sigset_t before_{};
};

} // namespace lxcmon::io
