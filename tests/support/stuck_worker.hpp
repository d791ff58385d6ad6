// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/worker_process.hpp"
#include "support/child.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <vector>

namespace lxcmon::test {

/// Waits for the end of the agent, and lets TracerOf hold it.
inline void idle(int socket) {
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    char byte = 0;
    while (::write(socket, "r", 1) == 1 && ::read(socket, &byte, 1) > 0) {
    }
}

/// Starts an idle worker and returns when it is ready to be held.
inline void start_idle(io::WorkerProcess& worker) {
    worker.start("starting a worker of the test", &idle);
    char ready = 0;
    static_cast<void>(::read(worker.socket(), &ready, 1));
}

/// Holds killed workers as an uninterruptible wait does: while a tracer lives, the parent can't reap them.
struct TracerOf {
    explicit TracerOf(const std::vector<pid_t>& pids)
        : tracer(0, [&] {
            return std::ranges::all_of(
                pids, [](pid_t pid) { return ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0; });
        }) {}

    Child tracer;
};

/// From now on this process can't fork.
[[nodiscard]] inline bool refuse_fork() {
    std::array<sock_filter, 5> filter{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
                                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
                                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
                                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// Reaps until the workers have ended; false if that takes more than ten seconds.
inline bool all_reaped() {
    for (int round = 0; round < 10'000 && !io::WorkerProcess::not_reaped().empty(); ++round) {
        io::WorkerProcess::reap();
        ::usleep(1000);
    }
    return io::WorkerProcess::not_reaped().empty();
}

} // namespace lxcmon::test
