// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

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

using OnLink = std::function<void(const Link& link)>;

} // namespace lxcmon::sample
