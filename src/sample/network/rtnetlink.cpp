// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/rtnetlink.hpp"

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>

namespace lxcmon::sample {
namespace {

/// The kernel sends up to 32 KiB of a dump at once if the reader's buffer is that large.
constexpr std::size_t answers_bytes = 32U << 10U;
alignas(nlmsghdr) thread_local std::array<char, answers_bytes> answers;

template <typename Value>
Value value_of(const rtattr* attribute) noexcept {
    Value value{};
    std::memcpy(&value, RTA_DATA(attribute), std::min<std::size_t>(sizeof value, RTA_PAYLOAD(attribute)));
    return value;
}

void take_counters(const rtattr* attribute, Link& link) noexcept {
    const auto stats = value_of<rtnl_link_stats64>(attribute);
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
void take_kind(const rtattr* info, Link& link) noexcept {
    auto left = static_cast<int>(RTA_PAYLOAD(info));
    for (const auto* each = static_cast<const rtattr*>(RTA_DATA(info)); RTA_OK(each, left);
         each = RTA_NEXT(each, left)) {
        if (each->rta_type != IFLA_INFO_KIND)
            continue;
        const std::string_view text(static_cast<const char*>(RTA_DATA(each)), RTA_PAYLOAD(each));
        const std::string_view kind = text.substr(0, text.find('\0'));
        link.kind = kind == "veth" ? LinkKind::veth : kind == "tun" ? LinkKind::tun : LinkKind::other;
    }
}

void take_attribute(const rtattr* attribute, Link& link) noexcept {
    switch (attribute->rta_type) {
    case IFLA_IFNAME:
        std::memcpy(link.name.data(), RTA_DATA(attribute),
                    std::min<std::size_t>(link.name.size() - 1, RTA_PAYLOAD(attribute)));
        break;
    case IFLA_MTU:
        link.mtu = value_of<std::uint32_t>(attribute);
        break;
    case IFLA_LINK:
        link.peer_index = value_of<std::uint32_t>(attribute);
        break;
    case IFLA_LINK_NETNSID:
        link.peer_namespace = value_of<std::int32_t>(attribute);
        break;
    case IFLA_LINKINFO:
        take_kind(attribute, link);
        break;
    case IFLA_STATS64:
        take_counters(attribute, link);
        break;
    default:
        break;
    }
}

Link parse_link(const nlmsghdr* header) noexcept {
    Link link;
    const auto* info = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
    link.index = static_cast<std::uint32_t>(info->ifi_index);
    link.up = (info->ifi_flags & IFF_UP) != 0 && (info->ifi_flags & IFF_RUNNING) != 0;
    link.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
    auto left = static_cast<int>(IFLA_PAYLOAD(header));
    for (const rtattr* each = IFLA_RTA(info); RTA_OK(each, left); each = RTA_NEXT(each, left))
        take_attribute(each, link);
    return link;
}

/// Receives one datagram from the kernel without waiting: the kernel answers within send(). Datagrams that
/// the container's root sent before the socket was connected are dropped. Returns the length or a negative
/// errno.
ssize_t receive(int rtnetlink, std::span<char> buffer) noexcept {
    for (;;) {
        sockaddr_nl sender{};
        iovec room{buffer.data(), buffer.size()};
        msghdr message{};
        message.msg_name = &sender;
        message.msg_namelen = sizeof sender;
        message.msg_iov = &room;
        message.msg_iovlen = 1;
        const ssize_t length = ::recvmsg(rtnetlink, &message, MSG_DONTWAIT);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return -errno;
        if ((message.msg_flags & MSG_TRUNC) != 0)
            return -EOVERFLOW;
        if (sender.nl_pid == 0)
            return length;
    }
}

int error_of(const nlmsghdr* header) noexcept {
    return static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
}

/// Requests one interface, or all with NLM_F_DUMP. Returns 0 or an errno.
int ask_links(int rtnetlink, int flags, std::uint32_t index) noexcept {
    struct {
        nlmsghdr header;
        ifinfomsg info;
        rtattr mask_header;
        std::uint32_t mask;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_GETLINK;
    request.header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    request.info.ifi_index = static_cast<int>(index);
    request.mask_header = {RTA_LENGTH(sizeof request.mask), IFLA_EXT_MASK};
    // Skips the IPv4 and IPv6 counters of each interface; IFLA_STATS64 is sent all the same.
    request.mask = RTEXT_FILTER_SKIP_STATS;
    return ::send(rtnetlink, &request, sizeof request, 0) < 0 ? errno : 0;
}

} // namespace

io::UniqueFd open_rtnetlink() noexcept {
    io::UniqueFd rtnetlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    // A connected socket accepts messages from the kernel only. Otherwise a process could flood it endlessly.
    const void* const address = &kernel;
    if (rtnetlink && ::connect(rtnetlink.get(), static_cast<const sockaddr*>(address), sizeof kernel) != 0) {
        const int error = errno;
        rtnetlink.reset();
        errno = error;
    }
    return rtnetlink;
}

int dump_links(int rtnetlink, const OnLink& on_link, std::size_t max) {
    if (const int error = ask_links(rtnetlink, NLM_F_DUMP, 0); error != 0)
        return error;
    for (;;) {
        const ssize_t length = receive(rtnetlink, answers);
        if (length < 0)
            return static_cast<int>(-length);
        auto left = static_cast<unsigned>(length);
        const void* const start = answers.data();
        for (const auto* each = static_cast<const nlmsghdr*>(start); NLMSG_OK(each, left);
             each = NLMSG_NEXT(each, left)) {
            if (each->nlmsg_type == NLMSG_DONE)
                return 0;
            if (each->nlmsg_type == NLMSG_ERROR)
                return -error_of(each);
            if (each->nlmsg_type != RTM_NEWLINK)
                continue;
            on_link(parse_link(each));
            if (--max == 0)
                return 0;
        }
    }
}

int get_link(int rtnetlink, std::uint32_t index, Link& link) noexcept {
    if (const int error = ask_links(rtnetlink, 0, index); error != 0)
        return error;
    const ssize_t length = receive(rtnetlink, answers);
    if (length < 0)
        return static_cast<int>(-length);
    const void* const start = answers.data();
    const auto* const answer = static_cast<const nlmsghdr*>(start);
    if (!NLMSG_OK(answer, static_cast<unsigned>(length)))
        return EBADMSG;
    if (answer->nlmsg_type == NLMSG_ERROR)
        return -error_of(answer);
    if (answer->nlmsg_type != RTM_NEWLINK)
        return EBADMSG;
    link = parse_link(answer);
    return 0;
}

std::int32_t namespace_id(int rtnetlink, int namespace_fd) noexcept {
    struct {
        nlmsghdr header;
        rtgenmsg general;
        std::array<char, 3> padding;
        rtattr fd_header;
        std::int32_t fd;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_GETNSID;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.fd_header = {RTA_LENGTH(sizeof request.fd), NETNSA_FD};
    request.fd = namespace_fd;
    alignas(nlmsghdr) std::array<char, 512> buffer{};
    if (::send(rtnetlink, &request, sizeof request, 0) < 0)
        return -1;
    const ssize_t length = receive(rtnetlink, buffer);
    const void* const start = buffer.data();
    const auto* header = static_cast<const nlmsghdr*>(start);
    if (length < 0 || !NLMSG_OK(header, static_cast<unsigned>(length)) || header->nlmsg_type != RTM_NEWNSID)
        return -1;
    auto left = static_cast<int>(header->nlmsg_len) - static_cast<int>(NLMSG_SPACE(sizeof(rtgenmsg)));
    const void* const first = buffer.data() + NLMSG_SPACE(sizeof(rtgenmsg));
    for (const auto* each = static_cast<const rtattr*>(first); RTA_OK(each, left);
         each = RTA_NEXT(each, left))
        if (each->rta_type == NETNSA_NSID)
            return value_of<std::int32_t>(each);
    return -1;
}

} // namespace lxcmon::sample
