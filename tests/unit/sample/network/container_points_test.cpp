// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"

#include "sample/network/container_points.hpp"

#include <doctest/doctest.h>
#include <net/if.h>

#include <cstdint>
#include <string>
#include <string_view>

using namespace lxcmon;
using namespace lxcmon::sample;

namespace {

ContainerLinks::Entry& add_link(ContainerLinks& links, std::string_view name) {
    auto& added = links.links[links.count++];
    added = {};
    name.copy(added.link.name.data(), added.link.name.size() - 1);
    added.link.mtu = 1500;
    return added;
}

std::string net_lines(const ContainerLinks& links, const HostLinks& host_links = HostLinks()) {
    PointBuffer points;
    DistinctNames names(10);
    CHECK(add_net_points(links, host_links, {false, names, {}, 5, points}));
    return test::encoded(points);
}

} // namespace

TEST_CASE("a point for each interface except the loopback") {
    ContainerLinks links;
    add_link(links, "lo").link.loopback = true;
    auto& eth0 = add_link(links, "eth0").link;
    eth0.up = true;
    eth0.has_counters = true;
    eth0.rx_bytes = 1, eth0.tx_bytes = 2, eth0.rx_packets = 3, eth0.tx_packets = 4, eth0.rx_errors = 5;
    eth0.tx_errors = 6, eth0.rx_dropped = 7, eth0.tx_dropped = 8, eth0.multicast = 9;
    add_link(links, "eth 1,x=y").link.mtu = 9000;
    CHECK(net_lines(links) == "lxc_net,interface=eth0 "
                              "rx_bytes=1i,tx_bytes=2i,rx_packets=3i,tx_packets=4i,rx_errors=5i,tx_errors=6i,"
                              "rx_dropped=7i,tx_dropped=8i,multicast=9i,mtu=1500i,up=true 5\n"
                              "lxc_net,interface=eth\\ 1\\,x\\=y mtu=9000i,up=false 5\n");
    CHECK(net_lines(ContainerLinks{}).empty());
}

TEST_CASE("a name of maximum length is complete") {
    ContainerLinks links;
    add_link(links, "abcdefghijklmno");
    CHECK(net_lines(links).starts_with("lxc_net,interface=abcdefghijklmno mtu="));
}

TEST_CASE("counters beyond the field's range are clamped") {
    ContainerLinks links;
    auto& link = add_link(links, "eth0").link;
    link.has_counters = true;
    link.rx_bytes = (std::uint64_t{1} << 63) - 1;
    link.tx_bytes = std::uint64_t{1} << 63;
    link.multicast = UINT64_MAX;
    const std::string line = net_lines(links);
    for (const std::string key : {"rx_bytes", "tx_bytes", "multicast"})
        CHECK(line.find(key + "=9223372036854775807i") != std::string::npos);
}

TEST_CASE("host_interface is the name of the peer on the host") {
    HostLinks host_links;
    CHECK(host_links.name(1).empty());
    host_links.refresh();
    CHECK(host_links.name(::if_nametoindex("lo")) == "lo");
    CHECK(host_links.name(0).empty());
    CHECK(host_links.name(UINT32_MAX).empty());

    ContainerLinks links;
    add_link(links, "eth0").host_index = ::if_nametoindex("lo");
    add_link(links, "eth1").host_index = 0;
    add_link(links, "eth2").host_index = UINT32_MAX; // gone in the meantime
    CHECK(net_lines(links, host_links) ==
          "lxc_net,interface=eth0 mtu=1500i,up=false,host_interface=\"lo\" 5\n"
          "lxc_net,interface=eth1 mtu=1500i,up=false 5\n"
          "lxc_net,interface=eth2 mtu=1500i,up=false 5\n");
}

TEST_CASE("the loopback, if asked for") {
    ContainerLinks links;
    add_link(links, "lo").link.loopback = true;
    PointBuffer points;
    DistinctNames names(10);
    CHECK(add_net_points(links, HostLinks(), {true, names, {}, 5, points}));
    CHECK(test::encoded(points) == "lxc_net,interface=lo mtu=1500i,up=false 5\n");
}

TEST_CASE("interfaces beyond the limit of names are left out") {
    DistinctNames names(2);
    for (const std::string name : {"a", "b", "c", "a"}) {
        ContainerLinks links;
        add_link(links, "lo").link.loopback = true; // is not sent and does not count
        add_link(links, name);
        PointBuffer points;
        CHECK(add_net_points(links, HostLinks(), {false, names, {}, 5, points}) == (name != "c"));
        CHECK(points.size() == (name != "c" ? 1 : 0));
    }
}
