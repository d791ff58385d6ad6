// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/signal_fd.hpp"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace lxcmon::io {
namespace {

sigset_t set_of(std::initializer_list<int> signals) noexcept {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals)
        ::sigaddset(&set, signal);
    return set;
}

} // namespace

void block_signals(std::initializer_list<int> signals) {
    const sigset_t set = set_of(signals);
    if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
        throw std::system_error(error, std::generic_category(), "pthread_sigmask");
}

SignalFd::SignalFd(std::initializer_list<int> signals) {
    const sigset_t set = set_of(signals);
    fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_)
        throw std::system_error(errno, std::generic_category(), "signalfd");
}

std::string SignalFd::read_name() {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
        if (errno == EAGAIN || errno == EINTR)
            return {};
        throw std::system_error(errno, std::generic_category(), "reading signals");
    }
    const char* const name = ::sigabbrev_np(static_cast<int>(info.ssi_signo));
    return name != nullptr ? std::string("SIG") + name : "signal";
}

} // namespace lxcmon::io
