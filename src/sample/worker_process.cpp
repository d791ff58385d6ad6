#include "sample/worker_process.hpp"

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

namespace lxcmon::sample {
namespace {

constexpr int child_socket = 3;

using Clock = std::chrono::steady_clock;

[[noreturn]] void become_worker(int socket, pid_t parent, WorkerProcess::Main main) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(0);
    if (socket != child_socket && ::dup2(socket, child_socket) < 0)
        ::_exit(1);
    ::close_range(child_socket + 1, ~0U, 0);
    main(child_socket);
    ::_exit(0);
}

} // namespace

WorkerProcess::~WorkerProcess() {
    kill();
    for (const pid_t pid : killed_)
        ::waitpid(pid, nullptr, WNOHANG);
}

bool WorkerProcess::ensure_running() noexcept {
    std::erase_if(killed_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
    if (pid_ > 0)
        return true;
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return false;
    io::UniqueFd ours(ends[0]);
    const io::UniqueFd theirs(ends[1]);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0)
        become_worker(theirs.get(), parent, main_);
    if (child < 0)
        return false;
    pid_ = child;
    socket_ = std::move(ours);
    return true;
}

void WorkerProcess::kill() noexcept {
    socket_.reset();
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    killed_.push_back(pid_);
    pid_ = -1;
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

} // namespace lxcmon::sample
