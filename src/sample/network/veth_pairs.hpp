// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/network/namespace_links.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace lxcmon::sample {

/// Whether a container's interface is the end of a veth pair with the other end in a namespace that is
/// neither this one nor the host's.
[[nodiscard]] bool ends_elsewhere(const ContainerLinks::Entry& entry) noexcept;

/// The veth ends of all containers for which ends_elsewhere() is true, to find the pairs between two
/// containers. rtnetlink has no name for a namespace that is the same in all namespaces; but the two ends of
/// a pair name each other's ifindex.
class VethPairs {
  public:
    using End = std::pair<std::uint32_t, std::uint32_t>; ///< ifindex, ifindex of the other end

    void add(const End& end) { ++ends_[end]; }
    void remove(const End& end) noexcept;
    /// How many ends of all containers are these.
    [[nodiscard]] unsigned count(const End& end) const noexcept {
        const auto known = ends_.find(end);
        return known != ends_.end() ? known->second : 0;
    }

  private:
    std::map<End, unsigned> ends_; ///< with their number
};

/// The ends of one container, which are in the VethPairs while this exists.
class VethEnds {
  public:
    explicit VethEnds(VethPairs& pairs) noexcept
        : pairs_(pairs) {}
    ~VethEnds() { replace_by({}); }
    VethEnds(const VethEnds&) = delete;
    VethEnds& operator=(const VethEnds&) = delete;

    /// Takes the ends from a new list of the container's interfaces, none if it is not known which ends are
    /// on the host. Allocates only after a change.
    void update(const ContainerLinks& links);
    /// Whether this is the inner end of a veth pair: its other end is on neither the host nor in a container
    /// that the agent samples. So the container made it for a container of its own (Docker), with a new name
    /// each time.
    [[nodiscard]] bool is_inner(const ContainerLinks::Entry& entry) const noexcept {
        return knows_host_ && ends_elsewhere(entry) && !has_other_end(entry.link);
    }

  private:
    /// Whether another container has the other end of this interface.
    [[nodiscard]] bool has_other_end(const Link& link) const noexcept;
    void replace_by(const std::vector<VethPairs::End>& ends);

    VethPairs& pairs_;
    bool knows_host_ = true;
    std::vector<VethPairs::End> ends_, listed_;
};

} // namespace lxcmon::sample
