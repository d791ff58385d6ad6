// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/link_news.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

namespace lxcmon::sample {
namespace {

/// Small, because one message is enough to know of a change, and the kernel reports an overflow (ENOBUFS).
constexpr int receive_buffer_bytes = 16 << 10;
/// Messages may arrive as fast as they are read.
constexpr int max_messages = 64;

io::UniqueFd subscribe() noexcept {
    io::UniqueFd rtnetlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    sockaddr_nl here{};
    here.nl_family = AF_NETLINK;
    here.nl_groups = RTMGRP_LINK;
    const void* const generic = &here;
    if (rtnetlink && ::bind(rtnetlink.get(), static_cast<const sockaddr*>(generic), sizeof here) != 0)
        return {};
    static_cast<void>(::setsockopt(rtnetlink.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                                   sizeof receive_buffer_bytes));
    return rtnetlink;
}

} // namespace

bool LinkNews::take() noexcept {
    if (!rtnetlink_) {
        rtnetlink_ = subscribe();
        return true;
    }
    bool changed = false;
    for (int left = max_messages; left > 0; --left) {
        sockaddr_nl sender{};
        socklen_t sender_bytes = sizeof sender;
        void* const generic = &sender;
        char start = 0; // the kernel discards the rest of the message
        if (::recvfrom(rtnetlink_.get(), &start, 1, 0, static_cast<sockaddr*>(generic), &sender_bytes) >= 0)
            changed = changed || sender.nl_pid == 0; // root's processes can send messages, too
        else if (errno == EAGAIN)
            break;
        else if (errno == ENOBUFS)
            changed = true;
        else if (errno != EINTR) {
            rtnetlink_.reset();
            return true;
        }
    }
    return changed;
}

} // namespace lxcmon::sample
