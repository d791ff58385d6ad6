// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/child.hpp"
#include "support/veth.hpp"

#include "io/kernel_file.hpp"
#include "sample/network/veth_pairs.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

using namespace lxcmon;
using namespace lxcmon::sample;
using lxcmon::test::Child;

namespace {

ContainerLinks::Entry veth(std::uint32_t index, std::uint32_t peer_index, std::int32_t peer_namespace = 1) {
    ContainerLinks::Entry entry{};
    entry.link.kind = LinkKind::veth;
    entry.link.index = index;
    entry.link.peer_index = peer_index;
    entry.link.peer_namespace = peer_namespace;
    return entry;
}

ContainerLinks only(const ContainerLinks::Entry& entry) {
    ContainerLinks links;
    links.links[links.count++] = entry;
    return links;
}

ContainerLinks links_of(NamespaceLinks& networks, const Child& init) {
    HostId host_id;
    return networks.scan(init.pid(), init.pidfd(), host_id);
}

} // namespace

TEST_CASE("an end elsewhere is of a veth with the other end neither on the host nor in the container") {
    CHECK(ends_elsewhere(veth(5, 4)));
    CHECK_FALSE(ends_elsewhere(veth(5, 4, -1)));
    auto eth0 = veth(2, 12, 0);
    eth0.host_index = 12;
    CHECK_FALSE(ends_elsewhere(eth0));
    auto macvlan = veth(5, 4);
    macvlan.link.kind = LinkKind::other;
    CHECK_FALSE(ends_elsewhere(macvlan));
}

TEST_CASE("an end elsewhere is an inner end unless another container has the other end") {
    VethPairs pairs;
    VethEnds near(pairs);
    near.update(only(veth(5, 4)));
    CHECK(near.is_inner(veth(5, 4)));
    {
        VethEnds far(pairs);
        far.update(only(veth(4, 5)));
        CHECK_FALSE(near.is_inner(veth(5, 4)));
        CHECK_FALSE(far.is_inner(veth(4, 5)));
        far.update(only(veth(4, 6)));
        CHECK(near.is_inner(veth(5, 4)));
        far.update(only(veth(4, 5)));
        CHECK_FALSE(near.is_inner(veth(5, 4)));
    }
    CHECK(near.is_inner(veth(5, 4))); // the other container has ended
}

TEST_CASE("an end of the same container is not the other end") {
    VethPairs pairs;
    VethEnds ends(pairs);
    ContainerLinks links = only(veth(5, 4));
    links.links[links.count++] = veth(4, 5);
    links.links[links.count++] = veth(7, 7); // both ends have the same ifindex, each in its namespace
    ends.update(links);
    for (const auto& entry : std::span(links.links).first(links.count))
        CHECK(ends.is_inner(entry));
    VethEnds far(pairs);
    far.update(only(veth(7, 7)));
    CHECK_FALSE(ends.is_inner(veth(7, 7)));
    CHECK_FALSE(far.is_inner(veth(7, 7)));
    CHECK(ends.is_inner(veth(5, 4)));
}

TEST_CASE("no end is an inner end if it is not known which ends are on the host") {
    VethPairs pairs;
    VethEnds ends(pairs);
    ContainerLinks links = only(veth(5, 4));
    links.lacks_host_id = true;
    ends.update(links);
    CHECK_FALSE(ends.is_inner(veth(5, 4)));
    links.lacks_host_id = false;
    ends.update(links);
    CHECK(ends.is_inner(veth(5, 4)));
}

TEST_SUITE_BEGIN("needs root");

TEST_CASE("real pairs: to the host, to a container of the host, to a container in the container") {
    const io::UniqueFd host = io::open_below(AT_FDCWD, "/proc/self/ns/net");
    const auto network_of = [](const Child& child) {
        return io::open_below(AT_FDCWD, ("/proc/" + std::to_string(child.pid()) + "/ns/net").c_str());
    };
    const std::string outside = "lx" + std::to_string(::getpid()) + "o";
    const Child far(CLONE_NEWNS | CLONE_NEWNET);
    const Child nested(CLONE_NEWNET);
    const io::UniqueFd far_network = network_of(far);
    const io::UniqueFd nested_network = network_of(nested);
    const Child init(CLONE_NEWNS | CLONE_NEWNET, [&] {
        return test::make_veth("eth0", outside.c_str(), host.get()) &&
               test::make_veth("direct", "direct", far_network.get()) &&
               test::make_veth("veth1a2b3c", "eth0", nested_network.get());
    });
    NamespaceLinks networks;
    VethPairs pairs;
    VethEnds ends(pairs);
    VethEnds far_ends(pairs);
    far_ends.update(links_of(networks, far));
    const ContainerLinks links = links_of(networks, init);
    ends.update(links);
    const auto is_inner = [&](std::string_view name) {
        const auto all = std::span(links.links).first(links.count);
        const auto at =
            std::ranges::find_if(all, [&](const auto& each) { return each.link.name.data() == name; });
        REQUIRE(at != all.end());
        return ends.is_inner(*at);
    };
    CHECK_FALSE(is_inner("eth0"));
    CHECK_FALSE(is_inner("direct"));
    CHECK(is_inner("veth1a2b3c"));
    CHECK_FALSE(is_inner("lo"));
}

TEST_SUITE_END();
