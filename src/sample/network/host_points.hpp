#pragma once

#include "model/point.hpp"
#include "sample/network/rtnetlink.hpp"

#include <cstdint>
#include <span>

namespace lxcmon::sample {

/// Whether an interface of the host is one of its own, and no guest's end: those of containers (veth, or any
/// whose other end is in another namespace), of virtual machines (tap) and Proxmox VE's firewall bridges, one
/// for each guest. A host has as many series as it has networks, however many guests.
[[nodiscard]] bool is_of_the_host(const Link& link) noexcept;

/// Adds a host_net point for each of the host's own interfaces; the loopback only where `with_loopback`.
/// Names are stored in `points`.
void add_host_net_points(std::span<const Link> links, bool with_loopback, std::span<const Tag> tags,
                         std::int64_t time_ns, PointBuffer& points);

} // namespace lxcmon::sample
