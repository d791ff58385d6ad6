#pragma once

#include "model/readings.hpp"
#include "sample/guard/distinct_names.hpp"
#include "sample/network/host_links.hpp"
#include "sample/network/namespace_links.hpp"

#include <cstdint>

namespace lxcmon::sample {

/// Where the points of a container's interfaces go.
struct NetPoints {
    bool with_loopback;
    DistinctNames& names; ///< of the interfaces that have been sent
    std::span<const Tag> tags;
    std::int64_t wall_ns;
    PointBuffer& points;
};

/// Adds an lxc_net point for each interface. Texts are stored in `points`. Returns whether there was room for
/// all their names.
[[nodiscard]] bool add_net_points(const ContainerLinks& links, const HostLinks& host_links,
                                  const NetPoints& target);

} // namespace lxcmon::sample
