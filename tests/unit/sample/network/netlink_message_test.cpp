// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/netlink_message.hpp"

#include <doctest/doctest.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace lxcmon::sample;

namespace {

template <typename Value>
std::string bytes_of(const Value& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string padded(std::string text) {
    text.resize((text.size() + 3) / 4 * 4);
    return text;
}

/// Without padding, so that the length need not be a multiple of 4.
std::string message(unsigned short type, const std::string& payload) {
    const auto length = static_cast<unsigned>(sizeof(nlmsghdr) + payload.size());
    return bytes_of(nlmsghdr{length, type, 0, 0, 0}) + payload;
}

std::string attribute(unsigned short type, const std::string& value) {
    return bytes_of(rtattr{static_cast<unsigned short>(sizeof(rtattr) + value.size()), type}) + value;
}

std::string link_payload(const std::string& attributes) {
    ifinfomsg info{};
    info.ifi_index = 7;
    return bytes_of(info) + attributes;
}

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
        bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
    return bytes;
}

struct Dumped {
    std::vector<std::string> names;
    DumpStep step;
};

/// The bytes are in a block of exactly their size, for AddressSanitizer.
Dumped dump(const std::string& datagram, std::size_t most = 100) {
    const std::vector<char> exact(datagram.begin(), datagram.end());
    Dumped dumped;
    dumped.step = parse_dump(
        exact, [&](const Link& link) { dumped.names.emplace_back(link.name.data()); }, most);
    return dumped;
}

int answered(const std::string& datagram) {
    const std::vector<char> exact(datagram.begin(), datagram.end());
    Link link;
    return parse_answer(exact, link);
}

std::string error_message(int error) {
    return message(NLMSG_ERROR, bytes_of(nlmsgerr{error, {}}));
}

/// A message whose length is no multiple of 4, and bytes after it (a case of a fuzzer).
constexpr std::string_view unaligned_length =
    "ca0000001000020000000000000000000000010003000000431001000000000009000300657468300000000008000400dc05"
    "00000800050007000000ff002500720002000000000000000000000001000300000043100100000000000900000000000000"
    "0001000000000000000100030000004310010000000000090003006574683000000000087f04000101010101010101010101"
    "0101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101"
    "01010101010101010101010101010101010101010107010101010101010101010101015a0101010102000000000000004310"
    "0133101010101010f5ef000043100100001010100e0000000000090003006574683000300000000008000400dc0500000800"
    "050007000000ff00250072000200000000000000000000000100030000004310010000000000090000000000010001010101"
    "0101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101"
    "0101010101";

} // namespace

TEST_CASE("interfaces of a dump, until its end") {
    const std::string eth0 =
        message(RTM_NEWLINK, link_payload(attribute(IFLA_IFNAME, std::string("eth0") + '\0')));
    CHECK(dump(padded(eth0)).names == std::vector<std::string>{"eth0"});
    CHECK_FALSE(dump(padded(eth0)).step.ended);
    const Dumped whole = dump(padded(eth0) + padded(eth0) + message(NLMSG_DONE, bytes_of(0)) + "more");
    CHECK(whole.names.size() == 2);
    CHECK(whole.step.ended);
    CHECK(whole.step.error == 0);
    CHECK(dump(message(NLMSG_DONE, "")).step.ended);
    const Dumped first = dump(padded(eth0) + padded(eth0), 1);
    CHECK(first.names.size() == 1);
    CHECK(first.step.ended);
    CHECK(first.step.error == 0);
}

TEST_CASE("a message whose length is no multiple of 4") {
    const std::string odd = message(RTM_NEWLINK, link_payload(attribute(IFLA_IFNAME, "e")));
    REQUIRE(odd.size() % 4 == 1);
    const Dumped last = dump(odd); // the padding is missing: nothing is left, not 4 GiB
    CHECK(last.names == std::vector<std::string>{"e"});
    CHECK_FALSE(last.step.ended);
    CHECK(dump(padded(odd) + odd).names.size() == 2);
    const Dumped found = dump(from_hex(unaligned_length));
    CHECK(found.names == std::vector<std::string>{"eth0"});
    CHECK(found.step.ended);
    CHECK(found.step.error == EBADMSG);
}

TEST_CASE("an attribute whose length is no multiple of 4, at the end") {
    const std::string tail = attribute(IFLA_IFNAME, "ab");
    const std::string kind = attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, "veth7"));
    for (const std::string& last : {tail, padded(kind) + tail, padded(tail) + kind}) {
        const Dumped dumped = dump(message(RTM_NEWLINK, link_payload(last)));
        CHECK(dumped.names == std::vector<std::string>{"ab"});
    }
}

TEST_CASE("lengths that are too short or too long") {
    const std::string good = message(RTM_NEWLINK, link_payload(""));
    for (const unsigned length : {0U, 1U, 15U, 33U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        std::string bad = good;
        std::memcpy(bad.data(), &length, sizeof length);
        const Dumped dumped = dump(bad);
        CAPTURE(length);
        CHECK(dumped.names.empty());
        CHECK(dumped.step.ended);
        CHECK(dumped.step.error == EBADMSG);
        CHECK(answered(bad) == EBADMSG);
    }
    for (std::size_t bytes = 0; bytes < sizeof(ifinfomsg); ++bytes)
        CHECK(dump(message(RTM_NEWLINK, std::string(bytes, 'x'))).step.error == EBADMSG);
    for (const std::uint16_t length : std::to_array<std::uint16_t>({0, 3, 9, 0xffff})) {
        std::string name = attribute(IFLA_IFNAME, "abcd");
        std::memcpy(name.data(), &length, sizeof length);
        CHECK(dump(message(RTM_NEWLINK, link_payload(name))).names == std::vector<std::string>{""});
    }
}

TEST_CASE("an error of the kernel, whole, short, and no error") {
    CHECK(answered(error_message(-ENODEV)) == ENODEV);
    CHECK(dump(error_message(-EBUSY)).step.error == EBUSY);
    CHECK(dump(message(NLMSG_DONE, bytes_of(-EINTR))).step.error == EINTR);
    for (const int impossible : {std::numeric_limits<int>::min(), 0, 1, std::numeric_limits<int>::max()}) {
        CHECK(answered(error_message(impossible)) == EBADMSG);
        CHECK(dump(error_message(impossible)).step.error == EBADMSG);
    }
    CHECK(dump(message(NLMSG_DONE, bytes_of(std::numeric_limits<int>::min()))).step.error == EBADMSG);
    for (std::size_t bytes = 0; bytes < sizeof(nlmsgerr); ++bytes) {
        const std::string part = bytes_of(nlmsgerr{-ENODEV, {}}).substr(0, bytes);
        CHECK(answered(message(NLMSG_ERROR, part)) == EBADMSG);
        CHECK(dump(message(NLMSG_ERROR, part)).step.error == EBADMSG);
    }
}

TEST_CASE("short values are absent, long names are cut") {
    Link link;
    const auto read = [&link](const std::string& attributes) {
        const std::string datagram = message(RTM_NEWLINK, link_payload(attributes));
        return parse_answer(datagram, link);
    };
    REQUIRE(read(attribute(IFLA_MTU, "x") + std::string(3, '\0') + attribute(IFLA_STATS64, "short")) == 0);
    CHECK(link.mtu == 0);
    CHECK_FALSE(link.has_counters);
    REQUIRE(read(padded(attribute(IFLA_IFNAME, std::string(40, 'n'))) +
                 attribute(IFLA_MTU, bytes_of(1500))) == 0);
    CHECK(std::string(link.name.data()) == std::string(15, 'n'));
    CHECK(link.mtu == 1500);
    rtnl_link_stats64 stats{};
    stats.multicast = 9;
    REQUIRE(read(attribute(IFLA_STATS64, bytes_of(stats))) == 0);
    CHECK(link.has_counters);
    CHECK(link.multicast == 9);
}

TEST_CASE("the id of a namespace") {
    const std::string general(4, '\0');
    const auto id = [](const std::string& datagram) {
        const std::vector<char> exact(datagram.begin(), datagram.end());
        return parse_namespace_id(exact);
    };
    CHECK(id(message(RTM_NEWNSID, general + attribute(NETNSA_NSID, bytes_of(5)))) == 5);
    CHECK(id(message(RTM_NEWNSID, general + attribute(NETNSA_NSID, bytes_of(-1)))) == -1); // it has none
    CHECK(id(message(RTM_NEWNSID, general + attribute(NETNSA_NSID, "ab"))) == std::nullopt);
    CHECK(id(message(RTM_NEWNSID, general)) == std::nullopt);
    CHECK(id(message(RTM_NEWNSID, "abc")) == std::nullopt);
    CHECK(id(message(RTM_NEWNSID, "")) == std::nullopt);
    CHECK(id(error_message(-EINVAL)) == std::nullopt);
    CHECK(id("") == std::nullopt);
}
