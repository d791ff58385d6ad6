#include "support/child.hpp"
#include "support/namespace_look.hpp"
#include "support/temp_tree.hpp"
#include "support/veth.hpp"

#include "io/kernel_file.hpp"
#include "sample/namespace_helper.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::ample;
using test::ask;
using test::Child;
using test::find_link;

// The real worker on real namespaces: these need root.
namespace {

/// The carrier's news goes through a work queue of the kernel's: asked until it is there, five seconds at
/// most.
bool becomes_up(NamespaceHelper& helper, const Child& init, bool up) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    do {
        const NamespaceReply reply = ask(helper, init);
        if (const auto* eth0 = find_link(reply, "eth0"); eth0 != nullptr && eth0->link.up == up)
            return true;
    } while (std::chrono::steady_clock::now() < end);
    return false;
}

/// A name that no other run of this test uses, within IFNAMSIZ.
std::string host_link_name() {
    return "lxm" + std::to_string(::getpid());
}

std::string own_namespace(const std::string& process) {
    std::array<char, 64> name{};
    return ::readlink(("/proc/" + process + "/ns/net").c_str(), name.data(), name.size() - 1) > 0
               ? name.data()
               : "";
}

/// The real worker where setns() on a pidfd, which always says which namespaces it wants, is EINVAL.
void worker_on_old_kernel(int socket, HelperProgress& progress, const WorkerSettings& settings) {
    std::array<sock_filter, 6> filter{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 0, 3),
                                       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
                                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
                                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
                                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        ::_exit(1);
    run_namespace_worker(socket, progress, settings);
}

/// Whether the helper keeps none of its maker's descriptors where close_range(2) does not exist.
bool closes_all_on_old_kernel() {
    std::array<sock_filter, 4> filter{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
                                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    // As its output a file that nobody else has.
    constexpr int ours = 100;
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0 || ::dup2(pipe[1], STDOUT_FILENO) < 0 ||
        ::dup2(pipe[1], STDERR_FILENO) < 0 || ::dup2(pipe[1], ours) != ours ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        return false;
    const auto pipe_name = std::filesystem::read_symlink("/proc/self/fd/100");
    NamespaceHelper helper(ample);
    NamespaceHelper::Request host;
    host.ask.look = Look::filesystems;
    bool answered = false; // so that its first steps are done
    helper.look_at_filesystems({&host, 1},
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

TEST_CASE("the helper has none of the agent's descriptors, on a kernel without close_range(2) neither") {
    CHECK_NOTHROW(Child(0, &closes_all_on_old_kernel));
}

TEST_CASE("a container without a network namespace of its own shows no interfaces") {
    NamespaceHelper helper(ample);
    const Child init(CLONE_NEWNS);
    const NamespaceReply reply = ask(helper, init);
    CHECK(reply.error == 0);
    CHECK(reply.shares_host_network);
    CHECK(reply.link_count == 0);
}

TEST_CASE("a fresh network namespace has a loopback and nothing of the host's") {
    NamespaceHelper helper(ample);
    const Child init(CLONE_NEWNS | CLONE_NEWNET);
    const NamespaceReply reply = ask(helper, init);
    CHECK(reply.error == 0);
    CHECK(reply.network_error == 0);
    CHECK_FALSE(reply.shares_host_network);
    const auto* lo = find_link(reply, "lo");
    REQUIRE(lo != nullptr);
    CHECK(lo->link.loopback);
    CHECK(lo->link.kind == LinkKind::other);
    CHECK_FALSE(lo->link.up);
    CHECK(lo->link.has_counters);
    CHECK(lo->link.rx_bytes == 0);
    CHECK(lo->host_index == 0);
}

TEST_CASE("a veth shows its counters, and its end on the host") {
    const std::string outside = host_link_name();
    const io::UniqueFd host_namespace = io::open_below(AT_FDCWD, "/proc/self/ns/net");
    Child init(CLONE_NEWNS | CLONE_NEWNET, [&] {
        return test::make_veth("eth0", outside.c_str(), host_namespace.get()) && test::set_link_up("eth0");
    });
    const unsigned index = ::if_nametoindex(outside.c_str());
    REQUIRE(index != 0);

    NamespaceHelper helper(ample);
    const NamespaceReply down = ask(helper, init);
    const auto* eth0 = find_link(down, "eth0");
    REQUIRE(eth0 != nullptr);
    CHECK(eth0->host_index == index);
    CHECK(eth0->link.kind == LinkKind::veth);
    CHECK_FALSE(eth0->link.loopback);
    CHECK(eth0->link.mtu == 1500);
    CHECK(eth0->link.rx_packets == 0);

    CHECK(becomes_up(helper, init, false)); // its other end is down: no carrier

    REQUIRE(test::set_link_up(outside.c_str()));
    REQUIRE(test::send_frame(outside, 200));
    // The kernel sends of its own, too: what came in lies between two readings of what went out.
    const std::uint64_t least_packets = test::host_counter(outside, "tx_packets");
    const std::uint64_t least_bytes = test::host_counter(outside, "tx_bytes");
    CHECK(least_packets >= 1);
    CHECK(least_bytes >= 200);
    const NamespaceReply up = ask(helper, init);
    eth0 = find_link(up, "eth0");
    REQUIRE(eth0 != nullptr);
    CHECK(eth0->link.rx_packets >= least_packets);
    CHECK(eth0->link.rx_bytes >= least_bytes);
    CHECK(eth0->link.rx_packets <= test::host_counter(outside, "tx_packets"));
    CHECK(eth0->link.rx_bytes <= test::host_counter(outside, "tx_bytes"));
    CHECK(eth0->link.tx_packets <= test::host_counter(outside, "rx_packets"));

    CHECK(becomes_up(helper, init, true));

    // Nothing may hold the namespace: a kept veth would keep the container from starting again.
    test::LinkWatch watch;
    init.end();
    CHECK(watch.sees_end_of(index));
    CHECK(::if_nametoindex(outside.c_str()) == 0);
}

TEST_CASE("a veth that leads to another container has no end on the host") {
    const std::string outside = host_link_name(); // here: the child has another pid
    const Child neighbour(CLONE_NEWNET);
    const io::UniqueFd host_namespace = io::open_below(AT_FDCWD, "/proc/self/ns/net");
    const io::UniqueFd elsewhere =
        io::open_below(AT_FDCWD, ("/proc/" + std::to_string(neighbour.pid()) + "/ns/net").c_str());
    const Child init(CLONE_NEWNS | CLONE_NEWNET, [&] {
        return test::make_veth("eth0", outside.c_str(), host_namespace.get()) &&
               test::make_veth("eth1", "eth0", elsewhere.get());
    });
    NamespaceHelper helper(ample);
    const NamespaceReply reply = ask(helper, init);
    REQUIRE(find_link(reply, "eth0") != nullptr);
    REQUIRE(find_link(reply, "eth1") != nullptr);
    CHECK(find_link(reply, "eth0")->host_index == ::if_nametoindex(outside.c_str()));
    CHECK(find_link(reply, "eth1")->link.peer_namespace >= 0);
    CHECK(find_link(reply, "eth1")->host_index == 0);
}

TEST_CASE("a kernel that can't join by a pidfd") {
    NamespaceHelper helper(ample, {}, &worker_on_old_kernel);
    const pid_t process = helper.pid();
    const Child first(CLONE_NEWNS | CLONE_NEWNET);
    const Child second(CLONE_NEWNS);
    for (int round = 0; round < 2; ++round) {
        const NamespaceReply reply = ask(helper, first);
        CHECK(reply.error == 0);
        CHECK(reply.joined_by_file);
        CHECK_FALSE(reply.shares_host_network);
        CHECK(find_link(reply, "lo") != nullptr);
        CHECK(own_namespace(std::to_string(helper.pid())) == own_namespace("self"));
        CHECK(ask(helper, second).shares_host_network);
    }
    Child ended(CLONE_NEWNS | CLONE_NEWNET);
    ended.end();
    CHECK(ask(helper, ended).error == ESRCH);
    CHECK(helper.pid() == process);
    NamespaceHelper usual(ample);
    CHECK_FALSE(ask(usual, first).joined_by_file);
}

TEST_CASE("after each answer the helper is at home again") {
    NamespaceHelper helper(ample);
    const Child init(CLONE_NEWNS | CLONE_NEWNET);
    CHECK(own_namespace(std::to_string(init.pid())) != own_namespace("self"));
    for (int round = 0; round < 3; ++round) {
        CHECK(ask(helper, init).error == 0);
        CHECK(own_namespace(std::to_string(helper.pid())) == own_namespace("self"));
    }
}

TEST_CASE("interfaces only, processes only, or neither") {
    const test::TempTree place;
    NamespaceHelper helper(ample);
    const Child init(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID, [&] {
        return test::enter_tmpfs_root(place.path().c_str(), "size=4m") &&
               ::mount("proc", "/proc", "proc", 0, nullptr) == 0;
    });
    CHECK(ask(helper, init, true, true).link_count == 1);
    CHECK(ask(helper, init, true, true).processes == 1);
    CHECK(ask(helper, init, true, false).link_count == 0);
    CHECK(ask(helper, init, true, false).processes == 1);
    CHECK(ask(helper, init, false, false).link_count == 0);
    CHECK(ask(helper, init, false, false).processes == -1);
}

TEST_CASE("no more interfaces than there is room for, and that there are more") {
    NamespaceHelper helper(ample);
    for (const std::size_t veths : {max_links - 1, max_links}) { // and the loopback
        const Child peer(CLONE_NEWNET);
        const io::UniqueFd outside =
            io::open_below(AT_FDCWD, ("/proc/" + std::to_string(peer.pid()) + "/ns/net").c_str());
        const Child init(CLONE_NEWNS | CLONE_NEWNET, [&] {
            for (std::size_t index = 0; index < veths; ++index) {
                const std::string name = "v" + std::to_string(index);
                if (!test::make_veth(name.c_str(), (name + "o").c_str(), outside.get()))
                    return false;
            }
            return true;
        });
        const NamespaceReply reply = ask(helper, init);
        CHECK(reply.network_error == 0);
        CHECK(reply.link_count == max_links);
        CHECK(reply.has_more_links == (veths == max_links));
        CHECK(find_link(reply, "lo") != nullptr);
    }
}

TEST_CASE("an init that has ended is an answer, and the next one is as ever") {
    NamespaceHelper helper(ample);
    const pid_t process = helper.pid();
    Child ended(CLONE_NEWNS | CLONE_NEWNET);
    ended.end();
    const Child init(CLONE_NEWNS | CLONE_NEWNET);
    CHECK(ask(helper, ended).error == ESRCH);
    CHECK(ask(helper, ended).link_count == 0);
    CHECK(ask(helper, init).error == 0);
    CHECK(helper.pid() == process);
}

TEST_SUITE_END();
