// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"
#include "sample/network/rtnetlink.hpp"

#include <cstdint>
#include <span>

namespace lxcmon::sample {

/// Whether an interface belongs to the host itself and not to a guest. Guests have veths and other interfaces
/// with a peer in another namespace (containers), taps (virtual machines) and Proxmox VE's firewall bridges,
/// one for each guest. So the number of series does not grow with the number of guests.
[[nodiscard]] bool is_host_link(const Link& link) noexcept;

/// Adds a host_net point for each of `links`; loopback only if `with_loopback`. Names are stored in `points`.
void add_host_net_points(std::span<const Link> links, bool with_loopback, std::span<const Tag> tags,
                         std::int64_t time_ns, PointBuffer& points);

} // namespace lxcmon::sample
