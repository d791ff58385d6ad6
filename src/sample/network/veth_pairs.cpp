// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample/network/veth_pairs.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace lxcmon::sample {

bool ends_elsewhere(const ContainerLinks::Entry& entry) noexcept {
    return entry.link.kind == LinkKind::veth && entry.link.peer_namespace >= 0 && entry.host_index == 0;
}

void VethPairs::remove(const End& end) noexcept {
    const auto known = ends_.find(end);
    if (known != ends_.end() && --known->second == 0)
        ends_.erase(known);
}

void VethEnds::update(const ContainerLinks& links) {
    knows_host_ = !links.lacks_host_id;
    listed_.clear();
    for (const auto& entry : std::span(links.links).first(links.count))
        if (knows_host_ && ends_elsewhere(entry))
            listed_.emplace_back(entry.link.index, entry.link.peer_index);
    if (listed_ != ends_)
        replace_by(listed_);
}

/// An end of this container that looks like the other end, or that names its own ifindex, is none.
bool VethEnds::has_other_end(const Link& link) const noexcept {
    const VethPairs::End other{link.peer_index, link.index};
    const unsigned all = pairs_.count(other);
    return all != 0 && std::ranges::count(ends_, other) < static_cast<std::ptrdiff_t>(all);
}

void VethEnds::replace_by(const std::vector<VethPairs::End>& ends) {
    for (const VethPairs::End& each : ends_)
        pairs_.remove(each);
    ends_ = ends;
    for (const VethPairs::End& each : ends_)
        pairs_.add(each);
}

} // namespace lxcmon::sample
