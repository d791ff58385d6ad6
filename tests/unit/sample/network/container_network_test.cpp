// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encoded.hpp"
#include "support/log_capture.hpp"

#include "sample/network/container_network.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

using namespace lxcmon;
using namespace lxcmon::sample;
using test::count_of;

namespace {

struct Sampled {
    Sampled() { links.links[links.count++].link = {.name = {'e', 't', 'h', '0'}, .mtu = 1500}; }
    SeriesNames names{};
    VethPairs pairs{};
    ContainerNetwork::Wanted wanted{};
    ContainerNetwork network{"c", wanted, pairs, names};
    ContainerLinks links{};
    test::LogCapture log{};
    std::int64_t boottime_ns = 5;

    std::string take() {
        PointBuffer points;
        const HostLinks host_links;
        network.take(links, {host_links, {}, 5, boottime_ns, points});
        return test::encoded(points);
    }
};

} // namespace

TEST_CASE("interfaces") {
    Sampled c;
    CHECK(c.take() == "lxc_net,interface=eth0 mtu=1500i,up=false 5\n");
    CHECK(c.network.is_well());
    CHECK(c.log.take().empty());
}

TEST_CASE(
    "a container has its own network if the scan succeeded and found another namespace than the host's") {
    Sampled c;
    CHECK_FALSE(c.network.has_own_network());
    static_cast<void>(c.take());
    CHECK(c.network.has_own_network());
    c.links.error = EPERM;
    static_cast<void>(c.take());
    CHECK_FALSE(c.network.has_own_network());
    c.links.clear();
    c.links.shares_host_network = true;
    static_cast<void>(c.take());
    CHECK_FALSE(c.network.has_own_network());
}

TEST_CASE("a container skipped for lack of time is incomplete, but nothing is logged") {
    Sampled c;
    c.links.clear();
    c.links.left_out = true;
    CHECK(c.take().empty());
    CHECK_FALSE(c.network.is_well());
    CHECK_FALSE(c.network.has_own_network());
    c.links.left_out = false;
    c.links.count = 1;
    CHECK(count_of(c.take(), "eth0") == 1);
    CHECK(c.network.is_well());
    CHECK(c.log.take().empty());
}

TEST_CASE("an init that has ended is not logged") {
    Sampled c;
    c.links.error = ESRCH;
    CHECK(c.take().empty());
    CHECK(c.log.take().empty());
}

TEST_CASE("faults are logged when they begin, and when they begin again") {
    Sampled c;
    for (int again = 0; again < 2; ++again) {
        c.links.error = EPERM;
        for (int round = 0; round < 2; ++round) {
            CHECK(c.take().empty());
            CHECK_FALSE(c.network.is_well());
            CHECK(count_of(c.log.take(), "can't be joined: Operation not permitted") == (round == 0 ? 1 : 0));
        }
        c.links.error = 0;
        CHECK(count_of(c.take(), "eth0") == 1);
        CHECK(c.network.is_well());
    }
    c.links.list_error = ENOBUFS;
    static_cast<void>(c.take());
    CHECK(count_of(c.log.take(), "interfaces can't be listed: No buffer space available") == 1);
}

TEST_CASE("interfaces that are left out are logged once") {
    Sampled c;
    c.links.shares_host_network = c.links.has_more = true;
    for (int round = 0; round < 2; ++round) {
        static_cast<void>(c.take());
        const std::string messages = c.log.take();
        CHECK(count_of(messages, "it shares the host's network") == (round == 0 ? 1 : 0));
        CHECK(count_of(messages, "more than 128 interfaces") == (round == 0 ? 1 : 0));
    }
    std::size_t sent = 0;
    for (int round = 0; round < 600; ++round) {
        const std::string name = "v" + std::to_string(round);
        c.links.links[0].link.name = {};
        name.copy(c.links.links[0].link.name.data(), name.size());
        sent += count_of(c.take(), "\n");
    }
    CHECK(sent == 511); // and eth0
    CHECK(count_of(c.log.take(), "it has too many different interfaces") == 1);
}

TEST_CASE("a restart does not give a container new series") {
    Sampled c;
    std::size_t sent = 0;
    for (int start = 0; start < 3; ++start) {
        ContainerNetwork network("c", c.wanted, c.pairs, c.names);
        for (int round = 0; round < 600; ++round) {
            const std::string name = "s" + std::to_string(start) + "v" + std::to_string(round);
            c.links.links[0].link.name = {};
            name.copy(c.links.links[0].link.name.data(), name.size());
            PointBuffer points;
            network.take(c.links, {HostLinks(), {}, 5, 5, points});
            sent += points.size();
        }
    }
    CHECK(sent == 512);
    CHECK(count_of(c.log.take(), "it has too many different interfaces") == 1);
}

TEST_CASE("names that are equal in the points, and inner ends, are logged once") {
    Sampled c;
    c.links.links[0].link.name = {'a', '\001'};
    c.links.links[1].link = {.name = {'a', '_'}, .index = 2, .mtu = 1500};
    c.links.links[2].link = {.name = {'v', '1'}, .index = 3, .kind = LinkKind::veth, .peer_namespace = 7};
    c.links.count = 3;
    for (int round = 0; round < 3; ++round) {
        CHECK(c.take() == "lxc_net,interface=a_ mtu=1500i,up=false 5\n");
        const std::string messages = c.log.take();
        CHECK(count_of(messages, "its interface a_ is left out") == (round == 0 ? 1 : 0));
        CHECK(count_of(messages, "for example v1, are left out; --net-include adds them") ==
              (round == 1 ? 1 : 0));
    }
}
