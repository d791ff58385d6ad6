// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/guard/distinct_names.hpp"
#include "sample/network/host_links.hpp"
#include "sample/network/namespace_links.hpp"

#include <cstdint>

namespace lxcmon::sample {

/// Destination of the points of a container's interfaces.
struct NetPoints {
    bool with_loopback;
    DistinctNames& names; ///< of the interfaces sent so far
    std::span<const Tag> tags;
    std::int64_t wall_ns;
    PointBuffer& points;
};

/// Adds an lxc_net point for each interface. Strings are stored in `points`. Returns false if `names` refused
/// an interface.
[[nodiscard]] bool add_net_points(const ContainerLinks& links, const HostLinks& host_links,
                                  const NetPoints& sink);

} // namespace lxcmon::sample
