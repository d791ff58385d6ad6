#pragma once

#include "io/unique_fd.hpp"

#include <net/if.h>

#include <array>
#include <cstdint>
#include <functional>

namespace lxcmon::sample {

/// What the kernel's driver calls itself (IFLA_INFO_KIND), as far as it matters here.
enum class LinkKind : std::uint8_t { other, veth, tun };

/// One network interface as rtnetlink shows it (rtnetlink(7), linux/if_link.h), counters since it was made.
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
    std::uint32_t peer_index = 0; ///< IFLA_LINK: the veth's other end, the macvlan's lower device; 0: none
    std::int32_t peer_namespace = -1; ///< IFLA_LINK_NETNSID; -1: this namespace, or none
};

/// A rtnetlink socket in the network namespace that the calling thread is in now, to which nobody but the
/// kernel can send. Empty, errno set on failure.
[[nodiscard]] io::UniqueFd open_rtnetlink() noexcept;

/// Calls `on_link` for each interface of the socket's namespace, but for no more than `most`: the socket is
/// of no use any more where there are others. Allocates nothing. Returns 0 or an errno.
using OnLink = std::function<void(const Link& link)>;
[[nodiscard]] int dump_links(int rtnetlink, const OnLink& on_link, std::size_t most = SIZE_MAX);

/// Writes the interface of that index, of the socket's namespace, into `link`. Returns 0 or an errno: ENODEV
/// where there is none.
[[nodiscard]] int get_link(int rtnetlink, std::uint32_t index, Link& link) noexcept;

/// The id by which the socket's namespace knows the one that `namespace_fd` refers to; -1 where it has none.
[[nodiscard]] std::int32_t namespace_id(int rtnetlink, int namespace_fd) noexcept;

} // namespace lxcmon::sample
