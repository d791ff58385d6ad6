// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"
#include "sample/guard/series_names.hpp"
#include "sample/network/host_links.hpp"
#include "sample/network/interface_choice.hpp"
#include "sample/network/namespace_links.hpp"
#include "sample/network/veth_pairs.hpp"

#include <cstdint>
#include <string_view>

namespace lxcmon::sample {

/// Destination of the points of a container's interfaces.
struct NetPoints {
    const InterfaceChoice& choice;
    const VethEnds& veth_ends; ///< up to date
    SeriesNames& names;        ///< of the interfaces sent so far; a scan has begun
    std::span<const Tag> tags;
    std::int64_t wall_ns;
    PointBuffer& points;
};

/// Interfaces that have no point, one of each kind; views into the links, empty if there is none.
struct LinksLeftOut {
    std::string_view inner;     ///< VethEnds::is_inner(), and no glob includes it
    std::string_view same_name; ///< its clean name is that of the earlier interface `same_as`
    std::string_view same_as;
};

/// Adds an lxc_net point for each interface, by default not for loopback and inner ends. Strings are stored
/// in `points`.
LinksLeftOut add_net_points(const ContainerLinks& links, const HostLinks& host_links, const NetPoints& sink);

} // namespace lxcmon::sample
