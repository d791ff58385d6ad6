// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/rtnetlink.hpp"

#include "sample/network/netlink_message.hpp"

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <span>

namespace lxcmon::sample {
namespace {

/// The kernel sends up to 32 KiB of a dump at once if the reader's buffer is that large.
constexpr std::size_t answers_bytes = 32U << 10U;
alignas(nlmsghdr) thread_local std::array<char, answers_bytes> answers;

std::span<const char> start_of_answers(ssize_t length) noexcept {
    return std::span(answers).first(static_cast<std::size_t>(length));
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
        const DumpStep step = parse_dump(start_of_answers(length), on_link, max);
        if (step.ended)
            return step.error;
    }
}

int get_link(int rtnetlink, std::uint32_t index, Link& link) noexcept {
    if (const int error = ask_links(rtnetlink, 0, index); error != 0)
        return error;
    const ssize_t length = receive(rtnetlink, answers);
    if (length < 0)
        return static_cast<int>(-length);
    return parse_answer(start_of_answers(length), link);
}

std::optional<std::int32_t> namespace_id(int rtnetlink, int namespace_fd) noexcept {
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
        return std::nullopt;
    const ssize_t length = receive(rtnetlink, buffer);
    if (length < 0)
        return std::nullopt;
    return parse_namespace_id(std::span(buffer).first(static_cast<std::size_t>(length)));
}

} // namespace lxcmon::sample
