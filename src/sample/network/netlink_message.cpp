// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/netlink_message.hpp"

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>

// The macros NLMSG_NEXT() and RTA_NEXT() subtract the aligned length from the bytes that are left, which
// becomes negative, or huge if it is unsigned, if the last length is no multiple of 4.
namespace lxcmon::sample {
namespace {

using MessageBytes = std::span<const char>;

struct NetlinkMessage {
    std::uint16_t type;
    MessageBytes payload;
};

struct NetlinkAttribute {
    std::uint16_t type;
    MessageBytes value;
};

/// The bytes of a trivial type at the start of `bytes`; empty if there are fewer.
template <typename Value>
std::optional<Value> start_of(MessageBytes bytes) noexcept {
    if (bytes.size() < sizeof(Value))
        return std::nullopt;
    Value value{};
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

/// Takes `length` bytes, and the padding after them, from the start of `rest`.
MessageBytes take_aligned(MessageBytes& rest, std::size_t length) noexcept {
    const MessageBytes taken = rest.first(length);
    constexpr std::size_t alignment = 4; // NLMSG_ALIGNTO, RTA_ALIGNTO
    const std::size_t padded = (length + alignment - 1) / alignment * alignment;
    rest = rest.subspan(std::min(padded, rest.size()));
    return taken;
}

/// Takes the next message from `rest`. Empty at the end, and at a malformed message.
std::optional<NetlinkMessage> next_message(MessageBytes& rest) noexcept {
    const auto header = start_of<nlmsghdr>(rest);
    if (!header || header->nlmsg_len < sizeof *header || header->nlmsg_len > rest.size())
        return std::nullopt;
    return NetlinkMessage{header->nlmsg_type, take_aligned(rest, header->nlmsg_len).subspan(sizeof *header)};
}

/// Takes the next attribute from `rest`. Empty at the end, and at a malformed attribute.
std::optional<NetlinkAttribute> next_attribute(MessageBytes& rest) noexcept {
    const auto header = start_of<rtattr>(rest);
    if (!header || header->rta_len < sizeof *header || header->rta_len > rest.size())
        return std::nullopt;
    return NetlinkAttribute{header->rta_type, take_aligned(rest, header->rta_len).subspan(sizeof *header)};
}

/// The text up to its NUL.
std::string_view text_in(MessageBytes value) noexcept {
    const std::string_view text(value.data(), value.size());
    return text.substr(0, text.find('\0'));
}

/// Turns the kernel's negative errno into a positive one. EBADMSG if it is none.
int errno_of(std::optional<int> negative) noexcept {
    if (!negative || *negative >= 0 || *negative == std::numeric_limits<int>::min())
        return EBADMSG;
    return -*negative;
}

int error_in(MessageBytes payload) noexcept {
    const auto body = start_of<nlmsgerr>(payload);
    return errno_of(body ? std::optional(body->error) : std::nullopt);
}

/// Of NLMSG_DONE, which has an errno if the dump failed on the way. Old kernels send no number.
int error_at_end(MessageBytes payload) noexcept {
    const auto number = start_of<int>(payload);
    return !number || *number == 0 ? 0 : errno_of(number);
}

void take_counters(MessageBytes value, Link& link) noexcept {
    rtnl_link_stats64 stats{};
    if (value.size() < offsetof(rtnl_link_stats64, collisions)) // newer kernels append members
        return;
    std::memcpy(&stats, value.data(), std::min(sizeof stats, value.size()));
    link.has_counters = true;
    link.rx_bytes = stats.rx_bytes;
    link.tx_bytes = stats.tx_bytes;
    link.rx_packets = stats.rx_packets;
    link.tx_packets = stats.tx_packets;
    link.rx_errors = stats.rx_errors;
    link.tx_errors = stats.tx_errors;
    link.rx_dropped = stats.rx_dropped;
    link.tx_dropped = stats.tx_dropped;
    link.multicast = stats.multicast;
}

/// Reads IFLA_LINKINFO, which has nested attributes.
void take_kind(MessageBytes info, Link& link) noexcept {
    while (const auto each = next_attribute(info)) {
        if (each->type != IFLA_INFO_KIND)
            continue;
        const std::string_view kind = text_in(each->value);
        link.kind = kind == "veth" ? LinkKind::veth : kind == "tun" ? LinkKind::tun : LinkKind::other;
    }
}

void take_name(MessageBytes value, Link& link) noexcept {
    const std::string_view name = text_in(value);
    link.name = {};
    name.copy(link.name.data(), link.name.size() - 1);
}

void take_attribute(const NetlinkAttribute& attribute, Link& link) noexcept {
    switch (attribute.type) {
    case IFLA_IFNAME:
        return take_name(attribute.value, link);
    case IFLA_MTU:
        link.mtu = start_of<std::uint32_t>(attribute.value).value_or(link.mtu);
        return;
    case IFLA_LINK:
        link.peer_index = start_of<std::uint32_t>(attribute.value).value_or(link.peer_index);
        return;
    case IFLA_LINK_NETNSID:
        link.peer_namespace = start_of<std::int32_t>(attribute.value).value_or(link.peer_namespace);
        return;
    case IFLA_LINKINFO:
        return take_kind(attribute.value, link);
    case IFLA_STATS64:
        return take_counters(attribute.value, link);
    default:
        return;
    }
}

/// Parses the payload of RTM_NEWLINK. False if it is too short.
bool parse_link(MessageBytes payload, Link& link) noexcept {
    const auto info = start_of<ifinfomsg>(payload);
    if (!info)
        return false;
    static_assert(sizeof *info % 4 == 0);
    link = Link{};
    link.index = static_cast<std::uint32_t>(info->ifi_index);
    link.up = (info->ifi_flags & IFF_UP) != 0 && (info->ifi_flags & IFF_RUNNING) != 0;
    link.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
    MessageBytes attributes = payload.subspan(sizeof *info);
    while (const auto each = next_attribute(attributes))
        take_attribute(*each, link);
    return true;
}

} // namespace

DumpStep parse_dump(MessageBytes datagram, const OnLink& on_link, std::size_t& left) {
    Link link;
    while (const auto message = next_message(datagram)) {
        if (message->type == NLMSG_DONE)
            return {true, error_at_end(message->payload)};
        if (message->type == NLMSG_ERROR)
            return {true, error_in(message->payload)};
        if (message->type != RTM_NEWLINK)
            continue;
        if (!parse_link(message->payload, link))
            return {true, EBADMSG};
        on_link(link);
        if (--left == 0)
            return {true, 0};
    }
    return datagram.empty() ? DumpStep{} : DumpStep{true, EBADMSG};
}

int parse_answer(MessageBytes datagram, Link& link) noexcept {
    const auto message = next_message(datagram);
    if (message && message->type == NLMSG_ERROR)
        return error_in(message->payload);
    return message && message->type == RTM_NEWLINK && parse_link(message->payload, link) ? 0 : EBADMSG;
}

std::optional<std::int32_t> parse_namespace_id(MessageBytes datagram) noexcept {
    const auto message = next_message(datagram);
    constexpr std::size_t general_bytes = NLMSG_ALIGN(sizeof(rtgenmsg));
    if (!message || message->type != RTM_NEWNSID || message->payload.size() < general_bytes)
        return std::nullopt;
    MessageBytes attributes = message->payload.subspan(general_bytes);
    while (const auto each = next_attribute(attributes))
        if (each->type == NETNSA_NSID)
            return start_of<std::int32_t>(each->value);
    return std::nullopt;
}

} // namespace lxcmon::sample
