// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/pidfd.hpp"

#include "io/unique_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace lxcmon::io;

namespace {

UniqueFd pidfd_of(pid_t pid) {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

/// A child that waits until it is killed.
pid_t waiting_child() {
    const pid_t pid = ::fork();
    if (pid == 0)
        for (;;)
            ::pause();
    return pid;
}

} // namespace

TEST_CASE("is_alive is false once the process has ended; pid_of gives the pid until it is reaped") {
    const pid_t child = waiting_child();
    REQUIRE(child > 0);
    const UniqueFd pidfd = pidfd_of(child);
    CHECK(is_alive(pidfd.get()));
    CHECK_FALSE(has_ended(pidfd.get()));
    CHECK(pid_of(pidfd.get()) == child);

    REQUIRE(::kill(child, SIGKILL) == 0);
    pollfd wait{pidfd.get(), POLLIN, 0};
    CHECK(::poll(&wait, 1, 5000) == 1);
    CHECK_FALSE(is_alive(pidfd.get()));
    CHECK(has_ended(pidfd.get()));

    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK_FALSE(is_alive(pidfd.get()));
    CHECK(pid_of(pidfd.get()) == 0);
}

TEST_CASE("pid_of gives 0 for a descriptor that is not a pidfd") {
    const UniqueFd other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK(pid_of(other.get()) == 0);
    CHECK(pid_of(-1) == 0);
}

TEST_CASE("an error of poll() means neither alive nor ended") {
    CHECK_FALSE(is_alive(-1));
    CHECK_FALSE(has_ended(-1));
    const UniqueFd pidfd = pidfd_of(::getpid());
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{0, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0); // poll() of one descriptor: EINVAL
    const bool alive = is_alive(pidfd.get()), ended = has_ended(pidfd.get());
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK_FALSE(alive);
    CHECK_FALSE(ended);
    CHECK(is_alive(pidfd.get()));
}

TEST_CASE("a signal during a question to a pidfd changes no answer") {
    static volatile sig_atomic_t signals = 0;
    struct sigaction count {
    }, before{};
    count.sa_handler = [](int) { signals = signals + 1; };
    REQUIRE(::sigaction(SIGALRM, &count, &before) == 0);
    const itimerval often{{0, 20}, {0, 20}};
    const itimerval never{};
    const UniqueFd pidfd = pidfd_of(::getpid());
    REQUIRE(::setitimer(ITIMER_REAL, &often, nullptr) == 0);
    int wrong = 0;
    while (signals < 3000)
        wrong += is_alive(pidfd.get()) && !has_ended(pidfd.get()) ? 0 : 1;
    REQUIRE(::setitimer(ITIMER_REAL, &never, nullptr) == 0);
    REQUIRE(::sigaction(SIGALRM, &before, nullptr) == 0);
    CHECK(wrong == 0);
}

TEST_CASE("a unique descriptor closes once, and can be moved and released") {
    int raw = -1;
    {
        UniqueFd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        raw = first.get();
        UniqueFd second(std::move(first));
        CHECK(second.get() == raw);
        UniqueFd third;
        CHECK_FALSE(third);
        third = std::move(second);
        CHECK(third.get() == raw);
        CHECK(::fcntl(raw, F_GETFD) >= 0);
    }
    CHECK(::fcntl(raw, F_GETFD) < 0);

    UniqueFd owner(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    raw = owner.release();
    CHECK_FALSE(owner);
    owner.reset();
    CHECK(::fcntl(raw, F_GETFD) >= 0);
    CHECK(::close(raw) == 0);
}
