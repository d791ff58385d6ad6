// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/veth.hpp"

#include "io/kernel_file.hpp"
#include "sample/network/namespace_links.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <string_view>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::Child;

// Real network namespaces: these tests need root.
namespace {

/// Scans with the HostId of one container.
struct Networks {
    NamespaceLinks all{};
    HostId host_id{};

    /// Returns a copy, as the next scan changes the result.
    ContainerLinks scan(const Child& init) { return all.scan(init.pid(), init.pidfd(), host_id); }
};

const ContainerLinks::Entry* find_link(const ContainerLinks& links, std::string_view name) {
    const auto all = std::span(links.links).first(links.count);
    const auto at =
        std::ranges::find_if(all, [&](const auto& each) { return each.link.name.data() == name; });
    return at != all.end() ? &*at : nullptr;
}

/// A carrier change goes through a work queue of the kernel, so this polls for up to five seconds.
bool becomes_up(Networks& networks, const Child& init, bool up) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    do {
        const ContainerLinks links = networks.scan(init);
        if (const auto* eth0 = find_link(links, "eth0"); eth0 != nullptr && eth0->link.up == up)
            return true;
    } while (std::chrono::steady_clock::now() < end);
    return false;
}

/// A name that no other run of this test uses, within IFNAMSIZ.
std::string host_link_name() {
    return "lxm" + std::to_string(::getpid());
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("a container that shares the host's network namespace has no interfaces") {
    Networks networks;
    const Child init(CLONE_NEWNS);
    const ContainerLinks reply = networks.scan(init);
    CHECK(reply.error == 0);
    CHECK(reply.shares_host_network);
    CHECK(reply.count == 0);
}

TEST_CASE("a new network namespace has a loopback and no interface of the host") {
    Networks networks;
    const Child init(CLONE_NEWNS | CLONE_NEWNET);
    const ContainerLinks reply = networks.scan(init);
    CHECK(reply.error == 0);
    CHECK(reply.list_error == 0);
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

TEST_CASE("a veth has its counters and its peer on the host") {
    const std::string outside = host_link_name();
    const io::UniqueFd host_namespace = io::open_below(AT_FDCWD, "/proc/self/ns/net");
    Child init(CLONE_NEWNS | CLONE_NEWNET, [&] {
        return test::make_veth("eth0", outside.c_str(), host_namespace.get()) && test::set_link_up("eth0");
    });
    const unsigned index = ::if_nametoindex(outside.c_str());
    REQUIRE(index != 0);

    Networks networks;
    const ContainerLinks down = networks.scan(init);
    const auto* eth0 = find_link(down, "eth0");
    REQUIRE(eth0 != nullptr);
    CHECK(eth0->host_index == index);
    CHECK(eth0->link.kind == LinkKind::veth);
    CHECK_FALSE(eth0->link.loopback);
    CHECK(eth0->link.mtu == 1500);
    CHECK(eth0->link.rx_packets == 0);

    CHECK(becomes_up(networks, init, false)); // its peer is down: no carrier

    REQUIRE(test::set_link_up(outside.c_str()));
    REQUIRE(test::send_frame(outside, 200));
    // The kernel sends frames, too, so the received count lies between two readings of the sent count.
    const std::uint64_t least_packets = test::host_counter(outside, "tx_packets");
    const std::uint64_t least_bytes = test::host_counter(outside, "tx_bytes");
    CHECK(least_packets >= 1);
    CHECK(least_bytes >= 200);
    const ContainerLinks up = networks.scan(init);
    eth0 = find_link(up, "eth0");
    REQUIRE(eth0 != nullptr);
    CHECK(eth0->link.rx_packets >= least_packets);
    CHECK(eth0->link.rx_bytes >= least_bytes);
    CHECK(eth0->link.rx_packets <= test::host_counter(outside, "tx_packets"));
    CHECK(eth0->link.rx_bytes <= test::host_counter(outside, "tx_bytes"));
    CHECK(eth0->link.tx_packets <= test::host_counter(outside, "rx_packets"));

    CHECK(becomes_up(networks, init, true));

    // Nothing may hold the namespace: a remaining veth would prevent a restart of the container.
    test::LinkWatch watch;
    init.end();
    CHECK(watch.sees_end_of(index));
    CHECK(::if_nametoindex(outside.c_str()) == 0);
}

TEST_CASE("a veth to another container has no peer on the host") {
    const std::string outside = host_link_name(); // here: the child has another pid
    const Child neighbour(CLONE_NEWNET);
    const io::UniqueFd host_namespace = io::open_below(AT_FDCWD, "/proc/self/ns/net");
    const io::UniqueFd elsewhere =
        io::open_below(AT_FDCWD, ("/proc/" + std::to_string(neighbour.pid()) + "/ns/net").c_str());
    const Child init(CLONE_NEWNS | CLONE_NEWNET, [&] {
        return test::make_veth("eth0", outside.c_str(), host_namespace.get()) &&
               test::make_veth("eth1", "eth0", elsewhere.get());
    });
    Networks networks;
    const ContainerLinks reply = networks.scan(init);
    REQUIRE(find_link(reply, "eth0") != nullptr);
    REQUIRE(find_link(reply, "eth1") != nullptr);
    CHECK(find_link(reply, "eth0")->host_index == ::if_nametoindex(outside.c_str()));
    CHECK(find_link(reply, "eth1")->link.peer_namespace >= 0);
    CHECK(find_link(reply, "eth1")->host_index == 0);
}

TEST_CASE("at most max_links interfaces are listed, and has_more shows that there are more") {
    Networks networks;
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
        const ContainerLinks reply = networks.scan(init);
        CHECK(reply.list_error == 0);
        CHECK(reply.count == max_links);
        CHECK(reply.has_more == (veths == max_links));
        CHECK(find_link(reply, "lo") != nullptr);
    }
}

TEST_SUITE_END();
