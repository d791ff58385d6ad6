// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/container.hpp"
#include "sample/guard/fault.hpp"
#include "sample/guard/series_names.hpp"
#include "sample/network/container_points.hpp"
#include "sample/network/link_lister.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace lxcmon::sample {

/// Samples the interfaces of one start of a container, and logs each problem once. Sampling thread only.
class ContainerNetwork {
  public:
    /// The same for all containers.
    struct Wanted {
        bool links = true;
        InterfaceChoice choice{};
    };
    /// The references are borrowed.
    ContainerNetwork(const std::string& container_name, const Wanted& wanted, VethPairs& pairs,
                     SeriesNames& names);

    /// Destination of the points, and the host's links for the names of veth peers.
    struct PointSink {
        const HostLinks& host_links;
        std::span<const Tag> tags;
        std::int64_t wall_ns, boottime_ns;
        PointBuffer& points;
    };
    /// Asks for the container's interfaces, if wanted. Call it before LinkLister::start().
    void ask(LinkLister& lister, const Container& container);
    /// Takes the container's ends of veth pairs. Call it after LinkLister::finish(), for all containers
    /// before sample() of any: it tells the pairs between two containers.
    void note_veth_ends(LinkLister& lister);
    /// CLOCK_REALTIME when they were read, in ns; 0 if they were not. Call it after LinkLister::finish().
    [[nodiscard]] std::int64_t read_ns(const LinkLister& lister) const noexcept {
        return wanted_.links ? lister.read_ns(number_) : 0;
    }
    /// Adds the points of the interfaces.
    void sample(LinkLister& lister, const PointSink& sink);
    /// Takes the result of LinkLister::links_of().
    void take(const ContainerLinks& links, const PointSink& sink);

    /// Whether the container was skipped in the last tick for lack of time.
    [[nodiscard]] bool was_left_out() const noexcept { return was_left_out_; }
    /// Whether the last result is complete.
    [[nodiscard]] bool is_well() const noexcept { return fault_.is_none() && !was_left_out_; }

    /// Whether the last scan was of a network namespace other than the host's.
    [[nodiscard]] bool has_own_network() const noexcept { return has_own_network_; }

  private:
    void add_points(const ContainerLinks& links, const PointSink& sink);

    std::string subject_;
    const Wanted& wanted_;
    HostId host_id_;
    VethEnds veth_ends_;
    SeriesNames& names_;
    std::size_t number_ = 0; ///< in the list of the LinkLister
    Fault fault_;
    bool has_own_network_ = false, was_left_out_ = false;
    bool logged_host_network_ = false, logged_more_links_ = false, had_inner_ = false, logged_inner_ = false;
};

} // namespace lxcmon::sample
