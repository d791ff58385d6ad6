// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/log_capture.hpp"
#include "support/veth.hpp"

#include "io/kernel_file.hpp"
#include "sample/network/namespace_links.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::Child;

// The thread joins real network namespaces and returns: these tests need root.
namespace {

std::string namespace_of(const std::string& process) {
    std::array<char, 64> name{};
    return ::readlink(("/proc/" + process + "/ns/net").c_str(), name.data(), name.size() - 1) > 0
               ? name.data()
               : "";
}

/// Makes setns() fail with `error` for the calling thread: for `descriptor`, or with `all_except` for all
/// other descriptors. Also for a setns() without a namespace type, like systemd's RestrictNamespaces=.
/// SO_NETNS_COOKIE fails, too.
bool refuse_setns(int descriptor, bool all_except, std::uint32_t error) {
    const auto jump_if = [](std::uint32_t value, std::uint8_t skip_if_so, std::uint8_t skip_else) {
        return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skip_if_so, skip_else);
    };
    const auto load = [](std::size_t offset) {
        return sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    };
    const auto answer = [](std::uint32_t value) { return sock_filter BPF_STMT(BPF_RET | BPF_K, value); };
    const auto wanted = static_cast<std::uint32_t>(descriptor);
    std::array<sock_filter, 11> filter{{
        load(offsetof(seccomp_data, nr)),
        jump_if(SYS_getsockopt, 0, 2),
        load(offsetof(seccomp_data, args[2])),
        jump_if(SO_NETNS_COOKIE, 6, 5),
        jump_if(SYS_setns, 0, 4),
        load(offsetof(seccomp_data, args[1])),
        jump_if(0, 3, 0),
        load(offsetof(seccomp_data, args[0])),
        jump_if(wanted, all_except ? 0 : 1, all_except ? 1 : 0),
        answer(SECCOMP_RET_ALLOW),
        answer(SECCOMP_RET_ERRNO | error),
    }};
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("after each scan the thread is in its own namespace again") {
    NamespaceLinks networks;
    const Child init(CLONE_NEWNET);
    const std::string home = namespace_of("thread-self");
    CHECK(namespace_of(std::to_string(init.pid())) != home);
    HostId host_id;
    for (int round = 0; round < 3; ++round) {
        CHECK(networks.scan(init.pid(), init.pidfd(), host_id).count == 1);
        CHECK(namespace_of("thread-self") == home);
    }
}

TEST_CASE("for an init that has ended the scan returns ESRCH, and the next container is not affected") {
    NamespaceLinks networks;
    Child ended(CLONE_NEWNET);
    ended.end();
    const Child init(CLONE_NEWNET);
    HostId host_id;
    CHECK(networks.scan(ended.pid(), ended.pidfd(), host_id).error == ESRCH);
    CHECK(networks.scan(init.pid(), init.pidfd(), host_id).count == 1);
    const ContainerLinks& again = networks.scan(ended.pid(), ended.pidfd(), host_id);
    CHECK(again.error == ESRCH);
    CHECK(again.count == 0);
}

TEST_CASE("a kernel that can't join by a pidfd, and has no namespace cookies") {
    const test::LogCapture log;
    const Child own(CLONE_NEWNET);
    const Child sharing;
    Child ended(CLONE_NEWNET);
    ended.end();
    bool refused = false;
    bool right = true;
    HostId host_id;
    // A seccomp filter stays until its thread ends.
    std::thread([&] {
        refused = refuse_setns(own.pidfd(), false, EINVAL);
        NamespaceLinks networks;
        const std::string home = namespace_of("thread-self");
        for (int round = 0; round < 2; ++round) {
            const ContainerLinks& links = networks.scan(own.pid(), own.pidfd(), host_id);
            right = right && links.error == 0 && links.count == 1 && !links.shares_host_network &&
                    links.joined_by_path;
            right = right && namespace_of("thread-self") == home;
            right = right && networks.scan(sharing.pid(), sharing.pidfd(), host_id).shares_host_network;
            right = right && networks.scan(ended.pid(), ended.pidfd(), host_id).error == ESRCH;
        }
    }).join();
    CHECK(refused);
    CHECK(right);
    CHECK(host_id.cookie == 0);
}

TEST_CASE("the id of the host's namespace is kept for each network namespace") {
    const std::string outside = "lxm" + std::to_string(::getpid());
    const io::UniqueFd host_namespace = io::open_below(AT_FDCWD, "/proc/self/ns/net");
    const Child neighbour(CLONE_NEWNET);
    const io::UniqueFd elsewhere =
        io::open_below(AT_FDCWD, ("/proc/" + std::to_string(neighbour.pid()) + "/ns/net").c_str());
    const Child first(CLONE_NEWNET,
                      [&] { return test::make_veth("eth0", (outside + "a").c_str(), host_namespace.get()); });
    const Child second(CLONE_NEWNET, [&] { // here the host's namespace gets id 1
        return test::make_veth("eth0", "eth0", elsewhere.get()) &&
               test::make_veth("eth1", (outside + "b").c_str(), host_namespace.get());
    });
    NamespaceLinks networks;
    HostId host_id;
    const auto host_index = [&](const Child& init, std::size_t at) {
        const ContainerLinks& links = networks.scan(init.pid(), init.pidfd(), host_id);
        return links.count > at ? links.links[at].host_index : UINT32_MAX;
    };
    // Like an init that moves to another network namespace and back.
    for (int round = 0; round < 2; ++round) {
        CHECK(host_index(first, 1) == ::if_nametoindex((outside + "a").c_str()));
        CHECK(host_id.id == 0);
        CHECK(host_index(second, 1) == 0);
        CHECK(host_index(second, 2) == ::if_nametoindex((outside + "b").c_str()));
        CHECK(host_id.id == 1);
    }
    host_id.id = 0; // a known id is not requested again
    CHECK(host_index(second, 2) == 0);
}

TEST_CASE("an id of the host's namespace that can't be requested is not known") {
    const Child neighbour(CLONE_NEWNET);
    const io::UniqueFd elsewhere =
        io::open_below(AT_FDCWD, ("/proc/" + std::to_string(neighbour.pid()) + "/ns/net").c_str());
    const Child init(CLONE_NEWNET, [&] { return test::make_veth("eth0", "eth0", elsewhere.get()); });
    NamespaceLinks networks;
    HostId host_id;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    // Enough for the first socket only.
    rlimit fewer = before;
    fewer.rlim_cur = static_cast<rlim_t>(open_rtnetlink().get()) + 1;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &fewer) == 0);
    const ContainerLinks failed = networks.scan(init.pid(), init.pidfd(), host_id);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(failed.count == 2);
    CHECK(failed.lacks_host_id);
    const ContainerLinks& links = networks.scan(init.pid(), init.pidfd(), host_id);
    CHECK(links.count == 2);
    CHECK_FALSE(links.lacks_host_id); // it has none here
    CHECK(host_id.id == -1);
}

TEST_CASE("only the kernel can send to the socket: the container's root cannot fake interfaces or flood it") {
    const io::UniqueFd ours = open_rtnetlink();
    const io::UniqueFd theirs = open_rtnetlink();
    sockaddr_nl address{};
    void* const place = &address;
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(ours.get(), static_cast<sockaddr*>(place), &size) == 0);
    REQUIRE(address.nl_pid != 0);
    const nlmsghdr done{sizeof done, NLMSG_DONE, 0, 0, 0};
    const auto sent =
        ::sendto(theirs.get(), &done, sizeof done, 0, static_cast<const sockaddr*>(place), sizeof address);
    CHECK(sent < 0);
    CHECK(errno == ECONNREFUSED);
}

TEST_CASE("a thread that can't return to its own namespace is lost") {
    const Child init(CLONE_NEWNET);
    std::optional<NamespaceLinks> networks;
    HostId host_id;
    bool refused = false;
    std::thread([&] {
        refused = refuse_setns(init.pidfd(), true, EPERM);
        networks.emplace();
        CHECK(networks->scan(init.pid(), init.pidfd(), host_id).count == 1);
    }).join();
    CHECK(refused);
    CHECK(networks->lost_error() == EPERM);
    networks->forget_lost();
    CHECK(networks->scan(init.pid(), init.pidfd(), host_id).count == 1);
    CHECK(networks->lost_error() == 0);
}

TEST_CASE("interfaces are left out if it is not known whether they are the host's") {
    const Child sharing;
    NamespaceLinks networks;
    HostId host_id;
    std::thread([&] {
        constexpr int none = -1;
        REQUIRE(refuse_setns(none, false, EPERM)); // the namespace's cookie alone
        const ContainerLinks& links = networks.scan(sharing.pid(), sharing.pidfd(), host_id);
        CHECK(links.list_error == EPERM);
        CHECK(links.count == 0);
    }).join();
    CHECK(networks.scan(sharing.pid(), sharing.pidfd(), host_id).shares_host_network);
}

TEST_SUITE_END();
