// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/real_cgroup.hpp"

#include "discover/init_check.hpp"
#include "io/kernel_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <string>

using lxcmon::discover::why_not_init_of;
using lxcmon::test::Child;

namespace {

constexpr uid_t init_owner = 65534, stranger = 4321;

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a process of the user's is no init of his in a cgroup of root's") {
    const lxcmon::sample::CgroupLayout layout(lxcmon::io::read_whole(AT_FDCWD, "/proc/self/mountinfo"));
    const lxcmon::test::RealCgroup cgroup(layout);
    const Child init(
        0, [&] { return cgroup.enter() && ::setgid(init_owner) == 0 && ::setuid(init_owner) == 0; });
    const std::string refusal = why_not_init_of(init_owner, init.pid(), "");
    CHECK_MESSAGE(refusal.find("/lxc.payload.lxcmon-test-") != std::string::npos, refusal);
    CHECK_MESSAGE(refusal.find("which is not below a cgroup of uid 65534") != std::string::npos, refusal);
    CHECK(why_not_init_of(stranger, init.pid(), "").find("neither a process nor in a user namespace") == 0);
}

TEST_CASE("a process in a user namespace of the user's is accepted, whatever its uid") {
    const Child init(0, [] {
        return ::setegid(init_owner) == 0 && ::seteuid(init_owner) == 0 && ::unshare(CLONE_NEWUSER) == 0;
    });
    CHECK(why_not_init_of(init_owner, init.pid(), "") == "");
    CHECK(why_not_init_of(stranger, init.pid(), "").find("neither a process nor in a user namespace") == 0);
    // As sudo, while it runs as root for the user.
    const Child half_his(0, [] { return ::setresuid(init_owner, 0, 0) == 0; });
    CHECK(why_not_init_of(init_owner, half_his.pid(), "").find("neither a process") == 0);
}

TEST_SUITE_END();
