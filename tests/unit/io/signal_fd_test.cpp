// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/signal_fd.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <csignal>

using namespace lxcmon::io;

namespace {

/// Restores this thread's signal mask: other tests must not run with signals blocked.
struct KeptMask {
    KeptMask() { ::pthread_sigmask(SIG_SETMASK, nullptr, &mask); }
    ~KeptMask() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
    KeptMask(const KeptMask&) = delete;
    KeptMask& operator=(const KeptMask&) = delete;
    KeptMask(KeptMask&&) = delete;
    KeptMask& operator=(KeptMask&&) = delete;
    sigset_t mask{};
};

bool readable(int fd) {
    pollfd wait{fd, POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
}

} // namespace

TEST_CASE("signals are polled and read one at a time, by name") {
    const KeptMask kept;
    block_signals({SIGUSR1, SIGTERM});
    SignalFd signals({SIGUSR1, SIGTERM});
    CHECK_FALSE(readable(signals.fd()));
    CHECK(::raise(SIGTERM) == 0);
    CHECK(readable(signals.fd()));
    CHECK(signals.read_name() == "SIGTERM");
    CHECK_FALSE(readable(signals.fd()));

    CHECK(::raise(SIGUSR1) == 0);
    CHECK(::raise(SIGTERM) == 0);
    std::string names = signals.read_name() + " " + signals.read_name();
    const bool both = names == "SIGUSR1 SIGTERM" || names == "SIGTERM SIGUSR1";
    CHECK(both);
}

TEST_CASE("read_name does not block without a signal") {
    const KeptMask kept;
    block_signals({SIGUSR2});
    SignalFd signals({SIGUSR2});
    CHECK(signals.read_name() == "");
}

TEST_CASE("a SignalFd gets only its own signals") {
    const KeptMask kept;
    block_signals({SIGUSR1, SIGUSR2});
    SignalFd first({SIGUSR1});
    SignalFd second({SIGUSR2});
    CHECK(::raise(SIGUSR2) == 0);
    CHECK_FALSE(readable(first.fd()));
    CHECK(readable(second.fd()));
    CHECK(second.read_name() == "SIGUSR2");
}
