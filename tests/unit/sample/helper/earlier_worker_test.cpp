// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/real_cgroup.hpp"
#include "support/shared.hpp"

#include "io/kernel_file.hpp"
#include "io/worker_process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <string>

using namespace lxcmon;
using io::WorkerProcess;

namespace {

/// A killed helper process that is no child of this process, as an earlier run left it: its parent holds it
/// on its way to the end.
class LeftWorker {
  public:
    explicit LeftWorker(const std::function<bool()>& prepare = [] { return true; })
        : parent_(0, [&] { return prepare() && leave(); }) {}

    [[nodiscard]] pid_t pid() const noexcept { return *pid_; }
    void end() noexcept { parent_.end(); }

  private:
    [[nodiscard]] bool leave() const {
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::prctl(PR_SET_NAME, "lxcmon-test");
            ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
            ::raise(SIGSTOP);
            ::_exit(1);
        }
        int status = 0;
        *pid_ = pid;
        return pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
               ::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACEEXIT) == 0 &&
               ::kill(pid, SIGKILL) == 0 && ::waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
    }

    test::Shared<pid_t> pid_;
    test::Child parent_;
};

bool is_known(const LeftWorker& worker) {
    return std::ranges::count(WorkerProcess::not_reaped(), worker.pid(), &io::UnreapedWorker::pid) == 1;
}

/// False if the worker is still known after ten seconds.
bool is_forgotten_soon(const LeftWorker& worker) {
    for (int round = 0; round < 10'000 && is_known(worker); ++round) {
        WorkerProcess::reap();
        ::usleep(1000);
    }
    return !is_known(worker);
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a helper that an earlier run left counts until it has ended, once") {
    LeftWorker left;
    for (int round = 0; round < 3; ++round) {
        WorkerProcess::find_earlier();
        CHECK(is_known(left));
        WorkerProcess::reap(); // it is no child to wait for
        CHECK(is_known(left));
    }
    left.end();
    CHECK(is_forgotten_soon(left));
}

TEST_CASE("a helper of another cgroup belongs to another agent") {
    const sample::CgroupLayout layout(io::read_whole(AT_FDCWD, "/proc/self/mountinfo"));
    const test::RealCgroup cgroup(layout);
    {
        const LeftWorker other([&] { return cgroup.enter(); });
        WorkerProcess::find_earlier();
        CHECK_FALSE(is_known(other));
    }
}

TEST_SUITE_END();
