// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <net/if.h>

#include <array>
#include <cstdint>
#include <functional>

namespace lxcmon::sample {

/// The kind of an interface (IFLA_INFO_KIND), as far as the agent uses it.
enum class LinkKind : std::uint8_t { other, veth, tun };

/// One network interface as rtnetlink shows it (rtnetlink(7), linux/if_link.h). Counters start at its
/// creation.
struct Link {
    std::array<char, IFNAMSIZ> name{}; ///< ends in NUL
    std::uint32_t index = 0;
    std::uint32_t mtu = 0;
    bool up = false; ///< set up and running (RFC 2863)
    bool loopback = false;
    bool has_counters = false;
    LinkKind kind = LinkKind::other;
    std::uint64_t rx_bytes = 0, tx_bytes = 0, rx_packets = 0, tx_packets = 0;
    std::uint64_t rx_errors = 0, tx_errors = 0, rx_dropped = 0, tx_dropped = 0, multicast = 0;
    std::uint32_t peer_index = 0; ///< IFLA_LINK: the peer of a veth, the lower device of a macvlan; 0: none
    std::int32_t peer_namespace = -1; ///< IFLA_LINK_NETNSID; -1: this namespace, or none
};

/// Opens an rtnetlink socket in the calling thread's network namespace. Only the kernel can send to it. Empty
/// with errno on failure.
[[nodiscard]] io::UniqueFd open_rtnetlink() noexcept;

/// Calls `on_link` for each interface of the socket's namespace, at most `max` times. If there are more
/// interfaces, the socket cannot be used again. Allocates nothing. Returns 0 or an errno.
using OnLink = std::function<void(const Link& link)>;
[[nodiscard]] int dump_links(int rtnetlink, const OnLink& on_link, std::size_t max = SIZE_MAX);

/// Writes the interface `index` of the socket's namespace into `link`. Returns 0 or an errno: ENODEV if there
/// is none.
[[nodiscard]] int get_link(int rtnetlink, std::uint32_t index, Link& link) noexcept;

/// The id of the network namespace `namespace_fd` within the socket's namespace; -1 if it has none.
[[nodiscard]] std::int32_t namespace_id(int rtnetlink, int namespace_fd) noexcept;

} // namespace lxcmon::sample
