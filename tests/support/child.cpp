// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace lxcmon::test {
namespace {

[[noreturn]] void run_child(int ready, const std::function<bool()>& prepare,
                            const std::function<void()>& live) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (prepare && !prepare())
        ::_exit(1);
    if (::write(ready, "r", 1) != 1)
        ::_exit(1);
    if (live)
        live();
    for (;;)
        ::pause();
}

} // namespace

Child::Child(int clone_flags, const std::function<bool()>& prepare, const std::function<void()>& live) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe");
    const io::UniqueFd ready(ends[0]);
    io::UniqueFd theirs(ends[1]);
    pid_ =
        static_cast<pid_t>(::syscall(SYS_clone, clone_flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (pid_ < 0)
        throw std::system_error(errno, std::generic_category(), "clone (namespaces need root)");
    if (pid_ == 0)
        run_child(theirs.get(), prepare, live);
    running_ = true;
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    theirs.reset();
    char said = 0;
    if (!pidfd_ || ::read(ready.get(), &said, 1) != 1) {
        end();
        throw std::system_error(errno, std::generic_category(), "a child process did not get ready");
    }
}

void Child::end() noexcept {
    if (!running_)
        return;
    running_ = false;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

bool enter_tmpfs_root(const char* directory, const char* options) noexcept {
    return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("rootdisk", directory, "tmpfs", 0, options) == 0 && ::chdir(directory) == 0 &&
           ::syscall(SYS_pivot_root, ".", ".") == 0 && ::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0 &&
           ::mkdir("/proc", 0755) == 0;
}

bool ends_soon(int pidfd) noexcept {
    pollfd wait{pidfd, POLLIN, 0};
    return ::poll(&wait, 1, 5000) == 1;
}

} // namespace lxcmon::test
