// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"

#include "sample/network/host_points.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace lxcmon;
using namespace lxcmon::sample;

namespace {

Link named(std::string_view name) {
    Link link;
    name.copy(link.name.data(), link.name.size() - 1);
    link.mtu = 1500;
    return link;
}

std::string lines(const std::vector<Link>& links, const InterfaceChoice& choice = {}) {
    PointBuffer points;
    add_host_net_points(links, choice, {}, 1, points);
    return test::encoded(points);
}

} // namespace

TEST_CASE("the host's interfaces, with their counters") {
    Link eth0 = named("eth0");
    eth0.up = eth0.has_counters = true;
    eth0.rx_bytes = 1, eth0.tx_bytes = 2, eth0.rx_packets = 3, eth0.tx_packets = 4, eth0.rx_errors = 5;
    eth0.tx_errors = 6, eth0.rx_dropped = 7, eth0.tx_dropped = 8, eth0.multicast = 9;
    CHECK(lines({eth0, named("vmbr0")}) ==
          "host_net,interface=eth0 rx_bytes=1i,tx_bytes=2i,rx_packets=3i,tx_packets=4i,rx_errors=5i,"
          "tx_errors=6i,rx_dropped=7i,tx_dropped=8i,multicast=9i,mtu=1500i,up=true 1\n"
          "host_net,interface=vmbr0 mtu=1500i,up=false 1\n");
}

TEST_CASE("the loopback only when asked for") {
    Link lo = named("lo");
    lo.loopback = true;
    CHECK(lines({lo}).empty());
    CHECK(lines({lo}, {.loopback = true}) == "host_net,interface=lo mtu=1500i,up=false 1\n");
}

TEST_CASE("globs add the loopback and leave interfaces out") {
    Link lo = named("lo");
    lo.loopback = true;
    CHECK(lines({lo, named("eth0")}, {.globs = {{"lo"}, {"eth*"}}}) ==
          "host_net,interface=lo mtu=1500i,up=false 1\n");
}

TEST_CASE("an interface with a name that is another's in the points is left out") {
    CHECK(lines({named("a\001"), named("a_"), named("b\001"), named("b\002")}) ==
          "host_net,interface=a_ mtu=1500i,up=false 1\n"
          "host_net,interface=b_ mtu=1500i,up=false 1\n");
}

TEST_CASE("a glob leaves out every interface that is sent with its name") {
    CHECK(lines({named("a\001"), named("a_")}, {.globs = {{}, {"a_"}}}).empty());
}

TEST_CASE("interfaces of guests are not host links") {
    Link veth = named("veth1001_abc");
    veth.kind = LinkKind::veth;
    CHECK_FALSE(is_host_link(veth));
    Link tap = named("tap101i0");
    tap.kind = LinkKind::tun;
    CHECK_FALSE(is_host_link(tap));
    Link elsewhere = named("netkit0");
    elsewhere.peer_namespace = 0;
    CHECK_FALSE(is_host_link(elsewhere));
    for (const std::string name : {"fwbr101i0", "fwln101i0", "fwpr101p0"})
        CHECK_FALSE(is_host_link(named(name)));
    for (const std::string name :
         {"eno1", "bond0", "vmbr0", "eth0.100", "wg0", "fwbr", "fwlnx", "fwpr-uplink", "vethernet"})
        CHECK(is_host_link(named(name)));
    Link vlan = named("eth0.5");
    vlan.peer_index = 2; // its lower device, of the same namespace
    CHECK(is_host_link(vlan));
}
