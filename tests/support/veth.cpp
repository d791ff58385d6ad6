// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/veth.hpp"

#include "support/fixture.hpp"

#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

namespace lxcmon::test {
namespace {

/// Builds a netlink request (netlink(7)) from attributes, which can be nested.
class Request {
  public:
    Request(std::uint16_t type, int flags) {
        nlmsghdr header{};
        header.nlmsg_type = type;
        header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
        put(&header, sizeof header);
        put_link();
    }
    void put_link() {
        const ifinfomsg any{};
        put(&any, sizeof any);
    }
    void attribute(std::uint16_t type, const void* value, std::size_t size) {
        const std::size_t at = open(type);
        put(value, size);
        close(at);
    }
    void attribute(std::uint16_t type, std::string_view text) { attribute(type, text.data(), text.size()); }
    [[nodiscard]] std::size_t open(std::uint16_t type) {
        const std::size_t at = bytes_.size();
        const rtattr header{0, type};
        put(&header, sizeof header);
        return at;
    }
    void close(std::size_t at) {
        const auto size = static_cast<unsigned short>(bytes_.size() - at);
        std::memcpy(bytes_.data() + at, &size, sizeof size);
        bytes_.resize(NLMSG_ALIGN(bytes_.size()));
    }
    /// Sends the request and returns the kernel's answer: 0 or an errno.
    [[nodiscard]] int perform() {
        const auto size = static_cast<std::uint32_t>(bytes_.size());
        std::memcpy(bytes_.data(), &size, sizeof size);
        const io::UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
        struct {
            nlmsghdr header;
            nlmsgerr error;
            std::array<char, 2048> echo;
        } answer{};
        if (::send(socket.get(), bytes_.data(), bytes_.size(), 0) < 0 ||
            ::recv(socket.get(), &answer, sizeof answer, 0) < 0)
            return errno;
        return answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : EPROTO;
    }

  private:
    void put(const void* value, std::size_t size) {
        const auto* from = static_cast<const char*>(value);
        bytes_.insert(bytes_.end(), from, from + size);
    }
    std::vector<char> bytes_;
};

} // namespace

bool make_veth(const char* inside, const char* outside, int outside_namespace) noexcept {
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    request.attribute(IFLA_IFNAME, inside);
    const std::size_t info = request.open(IFLA_LINKINFO);
    request.attribute(IFLA_INFO_KIND, "veth");
    const std::size_t data = request.open(IFLA_INFO_DATA);
    const std::size_t peer = request.open(VETH_INFO_PEER);
    request.put_link();
    request.attribute(IFLA_IFNAME, outside);
    request.attribute(IFLA_NET_NS_FD, &outside_namespace, sizeof outside_namespace);
    request.close(peer);
    request.close(data);
    request.close(info);
    return request.perform() == 0;
}

bool set_link_up(const char* name) noexcept {
    const io::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    return ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

bool rename_link(const char* name, const char* next) noexcept {
    const io::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    std::strncpy(request.ifr_newname, next, IFNAMSIZ - 1);
    return ::ioctl(socket.get(), SIOCSIFNAME, &request) == 0;
}

bool remove_link(const char* name) noexcept {
    Request request(RTM_DELLINK, 0);
    request.attribute(IFLA_IFNAME, name);
    return request.perform() == 0;
}

bool send_frame(const std::string& name, std::size_t bytes) {
    const io::UniqueFd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    std::vector<char> frame(bytes, '\xff'); // broadcast, with an unused protocol
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(::if_nametoindex(name.c_str()));
    const void* const generic = &to;
    return ::sendto(socket.get(), frame.data(), frame.size(), 0, static_cast<const sockaddr*>(generic),
                    sizeof to) == static_cast<ssize_t>(bytes);
}

std::uint64_t host_counter(const std::string& name, const std::string& counter) {
    return std::stoull(text_of_file("/sys/class/net/" + name + "/statistics/" + counter));
}

LinkWatch::LinkWatch()
    : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    sockaddr_nl here{};
    here.nl_family = AF_NETLINK;
    here.nl_groups = RTMGRP_LINK;
    const timeval patience{5, 0};
    const void* const generic = &here;
    if (::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        ::bind(socket_.get(), static_cast<const sockaddr*>(generic), sizeof here) != 0)
        throw std::system_error(errno, std::generic_category(), "listening to rtnetlink");
}

bool LinkWatch::sees_end_of(unsigned index) noexcept {
    alignas(nlmsghdr) std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t length = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (length <= 0)
            return false;
        auto left = static_cast<unsigned>(length);
        const void* const start = buffer.data();
        for (const auto* each = static_cast<const nlmsghdr*>(start); NLMSG_OK(each, left);
             each = NLMSG_NEXT(each, left))
            if (each->nlmsg_type == RTM_DELLINK &&
                static_cast<const ifinfomsg*>(NLMSG_DATA(each))->ifi_index == static_cast<int>(index))
                return true;
    }
}

} // namespace lxcmon::test
