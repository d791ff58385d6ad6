// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/namespace_scan.hpp"
#include "support/temp_tree.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::ample;
using test::ask;
using test::Child;

// The real worker in the /proc of real namespaces: these tests need root.

TEST_SUITE_BEGIN("needs root");

TEST_CASE("only the container's own processes are counted") {
    const test::TempTree place;
    NamespaceHelper helper(ample);
    const Child init(CLONE_NEWNS | CLONE_NEWPID, [&] {
        if (!test::enter_tmpfs_root(place.path().c_str(), "size=4m") ||
            ::mount("proc", "/proc", "proc", 0, nullptr) != 0)
            return false;
        const pid_t second = ::fork();
        if (second == 0)
            for (;;)
                ::pause();
        return second > 0;
    });
    CHECK(ask(helper, init).processes == 2);
}

TEST_CASE("a /proc of another pid namespace than init's is not counted") {
    const test::TempTree place;
    NamespaceHelper helper(ample);
    const Child init(CLONE_NEWNS | CLONE_NEWPID, [&] {
        if (!test::enter_tmpfs_root(place.path().c_str(), "size=4m") || ::unshare(CLONE_NEWPID) != 0)
            return false;
        const pid_t nested = ::fork();
        if (nested == 0) {
            static_cast<void>(::mount("proc", "/proc", "proc", 0, nullptr));
            for (;;)
                ::pause();
        }
        while (nested > 0 && ::access("/proc/1", F_OK) != 0) {
        }
        return nested > 0;
    });
    CHECK(ask(helper, init).processes == -1);
}

TEST_CASE("a container that shares the host's pid namespace has no own number of processes") {
    // In a new pid namespace, as its pid 1 is certain to be readable.
    const auto shares_processes = [] {
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("proc", "/proc", "proc", 0, nullptr) != 0)
            return false;
        NamespaceHelper helper(ample);
        const Child init(CLONE_NEWNS);
        const CountReply reply = ask(helper, init);
        return reply.error == 0 && reply.processes == -1;
    };
    CHECK_NOTHROW(Child(CLONE_NEWPID | CLONE_NEWNS, shares_processes));
}

TEST_CASE("a /proc that is no procfs is not counted") {
    const test::TempTree place;
    NamespaceHelper helper(ample);
    const Child init(CLONE_NEWNS, [&] {
        return test::enter_tmpfs_root(place.path().c_str(), "size=1m") && ::mkdir("/proc/1", 0755) == 0;
    });
    CHECK(ask(helper, init).processes == -1);
}

TEST_CASE("a /proc that is a symbolic link is not counted") {
    const test::TempTree place;
    NamespaceHelper helper(ample);
    const Child init(CLONE_NEWNS, [&] {
        return test::enter_tmpfs_root(place.path().c_str(), "size=1m") && ::mkdir("/real", 0755) == 0 &&
               ::mount("proc", "/real", "proc", 0, nullptr) == 0 && ::rmdir("/proc") == 0 &&
               ::symlink("/real", "/proc") == 0;
    });
    CHECK(ask(helper, init).processes == -1);
}

TEST_SUITE_END();
