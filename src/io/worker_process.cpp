// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/worker_process.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>
#include <system_error>

namespace lxcmon::io {
namespace {

using Clock = std::chrono::steady_clock;

/// Closes all descriptors except the socket, and makes the child end with the agent. A hung child may outlive
/// SIGKILL for long: with stdout open it would block a reader of the agent's output.
[[noreturn]] void become_worker(int socket, pid_t parent, const WorkerProcess::Main& main) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(0);
    if (::dup2(socket, STDIN_FILENO) < 0)
        ::_exit(1);
    ::closefrom(STDIN_FILENO + 1); // close_range(2) only on Linux 5.9 and later
    main(STDIN_FILENO);
    ::_exit(0);
}

[[noreturn]] void fail(const char* what, const char* call) {
    throw std::system_error(errno, std::generic_category(), std::string(what) + ": " + call);
}

} // namespace

WorkerProcess::~WorkerProcess() {
    kill();
    reap();
}

void WorkerProcess::start(const char* what, const Main& main) {
    reap();
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        fail(what, "socketpair");
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0)
        fail(what, "fork");
    if (child == 0)
        become_worker(theirs.get(), parent, main);
    pid_ = child;
    socket_ = std::move(ours);
}

void WorkerProcess::kill() noexcept {
    socket_.reset();
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    killed.push_back(pid_);
    pid_ = -1;
}

void WorkerProcess::reap() noexcept {
    std::erase_if(killed, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

bool WorkerProcess::wait_for_reply(std::chrono::milliseconds deadline) const noexcept {
    const auto end = Clock::now() + deadline;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd wait{socket_.get(), POLLIN, 0};
        const int ready = ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

} // namespace lxcmon::io
