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
    added.link.index = static_cast<std::uint32_t>(links.count);
    name.copy(added.link.name.data(), added.link.name.size() - 1);
    added.link.mtu = 1500;
    return added;
}

std::string net_lines(const ContainerLinks& links, const HostLinks& host_links = HostLinks(),
                      const InterfaceChoice& choice = {}) {
    PointBuffer points;
    VethPairs pairs;
    SeriesNames names(10);
    names.begin_scan(1);
    add_net_points(links, host_links, {choice, VethEnds(pairs), names, {}, 5, points});
    return test::encoded(points);
}

/// The names of the interfaces that have a point, each followed by a space.
std::string sent(const ContainerLinks& links, const InterfaceChoice& choice = {}) {
    PointBuffer points;
    VethPairs pairs;
    SeriesNames names(10);
    names.begin_scan(1);
    add_net_points(links, HostLinks(), {choice, VethEnds(pairs), names, {}, 5, points});
    std::string list;
    for (std::size_t index = 0; index < points.size(); ++index)
        list += std::string(tag_of(points[index], "interface")) + " ";
    return list;
}

ContainerLinks::Entry& add_veth(ContainerLinks& links, std::string_view name, std::int32_t peer_namespace,
                                std::uint32_t host_index) {
    auto& added = add_link(links, name);
    added.link.kind = LinkKind::veth;
    added.link.peer_namespace = peer_namespace;
    added.host_index = host_index;
    return added;
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
    CHECK(sent(links).empty());
    CHECK(sent(links, {.loopback = true}) == "lo ");
    CHECK(sent(links, {.globs = {{"l?"}, {}}}) == "lo ");
    CHECK(sent(links, {.loopback = true, .globs = {{}, {"lo"}}}).empty());
}

TEST_CASE("globs add interfaces and leave them out") {
    ContainerLinks links;
    add_link(links, "lo").link.loopback = true;
    add_link(links, "docker0");
    add_veth(links, "eth0", 0, 12);
    add_veth(links, "veth1", 3, 0);
    add_veth(links, "veth2", 3, 0);
    CHECK(sent(links) == "docker0 eth0 ");
    CHECK(sent(links, {.globs = {{"veth2"}, {}}}) == "docker0 eth0 veth2 ");
    CHECK(sent(links, {.globs = {{"*"}, {"docker*", "lo"}}}) == "eth0 veth1 veth2 ");
}

TEST_CASE("of two interfaces with names that are equal in the points, the first is sent") {
    ContainerLinks links;
    add_link(links, "a\001");
    add_link(links, "a_");
    add_link(links, "b");
    PointBuffer points;
    VethPairs pairs;
    SeriesNames names(10);
    names.begin_scan(1);
    const LinksLeftOut left_out =
        add_net_points(links, HostLinks(), {{}, VethEnds(pairs), names, {}, 5, points});
    CHECK(left_out.same_name == "a_");
    CHECK(left_out.same_as == "a\001");
    REQUIRE(points.size() == 2);
    CHECK(tag_of(points[0], "interface") == "a_");
    CHECK(tag_of(points[1], "interface") == "b");
}

TEST_CASE("an interface that the kernel lists twice has one point") {
    ContainerLinks links;
    add_link(links, "a");
    add_link(links, "a").link.index = links.links[0].link.index;
    PointBuffer points;
    VethPairs pairs;
    SeriesNames names(10);
    names.begin_scan(1);
    CHECK(add_net_points(links, HostLinks(), {{}, VethEnds(pairs), names, {}, 5, points}).same_name.empty());
    CHECK(points.size() == 1);
}

TEST_CASE("interfaces beyond the limit of names are left out") {
    VethPairs pairs;
    SeriesNames names(2);
    for (const std::string name : {"a", "b", "c", "a"}) {
        ContainerLinks links;
        add_link(links, "lo").link.loopback = true; // is not sent and does not count
        add_link(links, name);
        PointBuffer points;
        names.begin_scan(1);
        add_net_points(links, HostLinks(), {{}, VethEnds(pairs), names, {}, 5, points});
        CHECK(names.newly_too_many() == (name == "c"));
        CHECK(points.size() == (name != "c" ? 1 : 0));
    }
}
