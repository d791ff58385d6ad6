// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/veth.hpp"

#include "sample/network/host_links.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

using namespace lxcmon;
using namespace lxcmon::sample;

namespace {

/// Runs `test` in a network namespace that has a loopback and three pairs of veths, v0 and w0 to v2 and w2.
void in_namespace_of_guests(const std::function<void()>& test) {
    std::thread([&] {
        REQUIRE(::unshare(CLONE_NEWNET) == 0);
        const io::UniqueFd here(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
        for (const std::string number : {"0", "1", "2"})
            REQUIRE(test::make_veth(("v" + number).c_str(), ("w" + number).c_str(), here.get()));
        REQUIRE(test::set_link_up("lo"));
        test();
    }).join();
}

/// The kernel counts frames of the loopback without their Ethernet header.
constexpr std::uint64_t frame_bytes = 100, counted_bytes = frame_bytes - 14;

/// The received bytes of the loopback, the only host link.
std::uint64_t bytes_of_loopback(const HostLinks& links) {
    REQUIRE(links.own().size() == 1);
    CHECK(links.own()[0].loopback);
    return links.own()[0].rx_bytes;
}

void refresh(HostLinks& links) {
    REQUIRE(links.refresh() == 0);
}

} // namespace

TEST_SUITE_BEGIN("needs root");

TEST_CASE("while no interface changes, counters are renewed without a list of all interfaces") {
    in_namespace_of_guests([] {
        HostLinks links;
        refresh(links);
        const std::uint64_t before = bytes_of_loopback(links);
        const std::uint64_t listings = links.listings();
        for (std::uint64_t frames = 1; frames <= 3; ++frames) {
            REQUIRE(test::send_frame("lo", frame_bytes));
            refresh(links);
            CHECK(bytes_of_loopback(links) == before + counted_bytes * frames);
            CHECK(links.name(::if_nametoindex("v2")) == "v2");
        }
        CHECK(links.listings() == listings);
    });
}

TEST_CASE("an interface that is added, removed or renamed is seen at the next refresh") {
    in_namespace_of_guests([] {
        HostLinks links;
        refresh(links);
        const std::uint32_t index = ::if_nametoindex("v1");
        REQUIRE(test::rename_link("v1", "renamed"));
        refresh(links);
        CHECK(links.name(index) == "renamed");
        REQUIRE(test::remove_link("renamed"));
        refresh(links);
        CHECK(links.name(index).empty());
        const io::UniqueFd here(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
        REQUIRE(test::make_veth("new", "old", here.get()));
        refresh(links);
        CHECK(links.name(::if_nametoindex("new")) == "new");
        CHECK(links.listings() == 4);
        refresh(links);
        CHECK(links.listings() == 4);
    });
}

TEST_CASE("no change is missed if the kernel's messages overflow the socket") {
    in_namespace_of_guests([] {
        HostLinks links;
        refresh(links);
        const std::uint32_t index = ::if_nametoindex("v1");
        for (int round = 0; round < 200; ++round)
            REQUIRE(test::rename_link(round % 2 == 0 ? "v1" : "other", round % 2 == 0 ? "other" : "v1"));
        REQUIRE(test::rename_link("v1", "last"));
        refresh(links);
        CHECK(links.name(index) == "last");
        refresh(links); // the remaining messages
        REQUIRE(test::rename_link("last", "again"));
        refresh(links);
        CHECK(links.name(index) == "again");
    });
}

TEST_CASE("without counters only the names are kept, and no interface is read again") {
    in_namespace_of_guests([] {
        HostLinks links(false);
        refresh(links);
        refresh(links);
        CHECK(links.own().empty());
        CHECK(links.name(::if_nametoindex("w0")) == "w0");
        CHECK(links.listings() == 1);
    });
}

TEST_SUITE_END();
