// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/namespace_scan.hpp"
#include "support/temp_tree.hpp"

#include "sample/helper/client.hpp"

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::ample;
using test::ask;
using test::Child;

// The real worker on real namespaces: these tests need root.
namespace {

/// Whether the helper closes the descriptors of its parent on a kernel without close_range(2).
bool closes_all_on_old_kernel() {
    std::array<sock_filter, 4> filter{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
                                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    // A pipe as output, which no other process has open.
    constexpr int ours = 100;
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0 || ::dup2(pipe[1], STDOUT_FILENO) < 0 ||
        ::dup2(pipe[1], STDERR_FILENO) < 0 || ::dup2(pipe[1], ours) != ours ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        return false;
    const auto pipe_name = std::filesystem::read_symlink("/proc/self/fd/100");
    NamespaceHelper helper(ample);
    NamespaceHelper::Request host;
    host.ask.scan = Scan::filesystems;
    bool answered = false; // the helper has closed descriptors before it answers
    helper.scan_filesystems({&host, 1},
                            [&](std::size_t, NamespaceHelper::Outcome outcome, const FilesystemReply&) {
                                answered = outcome == NamespaceHelper::Outcome::answered;
                                return true;
                            });
    const std::filesystem::directory_iterator open("/proc/" + std::to_string(helper.pid()) + "/fd");
    const auto kept = std::ranges::count_if(
        open, [&](const auto& each) { return std::filesystem::read_symlink(each.path()) == pipe_name; });
    return answered && kept == 0;
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("the helper has none of the agent's descriptors, even on a kernel without close_range(2)") {
    CHECK_NOTHROW(Child(0, &closes_all_on_old_kernel));
}

TEST_CASE("a request is for the number of processes, the start of init, or both") {
    const test::TempTree place;
    NamespaceHelper helper(ample);
    const Child init(CLONE_NEWNS | CLONE_NEWPID, [&] {
        return test::enter_tmpfs_root(place.path().c_str(), "size=4m") &&
               ::mount("proc", "/proc", "proc", 0, nullptr) == 0;
    });
    CHECK(ask(helper, init, true, true).processes == 1);
    CHECK(ask(helper, init, true, true).start_ticks > 0);
    CHECK(ask(helper, init, true, false).processes == 1);
    CHECK(ask(helper, init, true, false).start_ticks == -1);
    CHECK(ask(helper, init, false, true).processes == -1);
    CHECK(ask(helper, init, false, true).start_ticks > 0);
}

TEST_CASE("for an init that has ended the reply has ESRCH, and the next container is not affected") {
    NamespaceHelper helper(ample);
    const pid_t process = helper.pid();
    Child ended(CLONE_NEWNS | CLONE_NEWPID);
    ended.end();
    const Child init(CLONE_NEWNS | CLONE_NEWPID);
    CHECK(ask(helper, ended, true, true).error == ESRCH);
    CHECK(ask(helper, ended, true, true).start_ticks == -1);
    CHECK(ask(helper, init).error == 0);
    CHECK(helper.pid() == process);
}

TEST_SUITE_END();
