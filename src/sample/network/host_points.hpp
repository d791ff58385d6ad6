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

/// An interface without a point, as its clean name is that of the interface `same_as`. Views into the links;
/// empty if there is none.
struct HostLinkLeftOut {
    std::string_view name, same_as;
};

/// Adds a host_net point for each of `links` that is chosen. Returns one that is left out. Names are stored
/// in `points`.
HostLinkLeftOut add_host_net_points(std::span<const Link> links, const InterfaceChoice& choice,
                                    std::span<const Tag> tags, std::int64_t time_ns, PointBuffer& points);

} // namespace lxcmon::sample
