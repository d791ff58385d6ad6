// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"
#include "sample/network/interface_choice.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace lxcmon::sample {

/// Whether an interface belongs to the host itself and not to a guest. Guests have veths and other interfaces
/// with a peer in another namespace (containers), taps (virtual machines) and Proxmox VE's firewall bridges,
/// one for each guest. So the number of series does not grow with the number of guests.
[[nodiscard]] bool is_host_link(const Link& link) noexcept;

/// Adds a host_net point for each of `links` that is chosen. An interface is left out if its clean name is
/// that of another one: returns the name of such an interface, a view into `links`, or an empty text. Names
/// are stored in `points`.
std::string_view add_host_net_points(std::span<const Link> links, const InterfaceChoice& choice,
                                     std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points);

} // namespace lxcmon::sample
