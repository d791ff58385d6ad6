#pragma once

#include "model/container.hpp"
#include "sample/guard/distinct_names.hpp"
#include "sample/guard/fault.hpp"
#include "sample/network/container_points.hpp"
#include "sample/network/namespace_links.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace lxcmon::sample {

/// What is known of the interfaces of one start of a container, and what has been said of them. Sampling
/// thread only.
class ContainerNetwork {
  public:
    /// What is wanted of every container.
    struct Wanted {
        bool links = true, loopback = false;
    };
    ContainerNetwork(const std::string& container_name, Wanted wanted);

    /// Where the figures go.
    struct Target {
        const HostLinks& host_links;
        std::span<const Tag> tags;
        std::int64_t wall_ns;
        PointBuffer& points;
    };
    /// Looks into the container's network where that is wanted.
    void sample(NamespaceLinks& networks, const Container& container, const Target& target);
    /// Takes what was found there.
    void take(const ContainerLinks& links, const Target& target);

    /// Whether there was no time left for it in the last tick.
    [[nodiscard]] bool was_left_out() const noexcept { return was_left_out_; }
    /// Whether nothing keeps the figures from being whole.
    [[nodiscard]] bool is_well() const noexcept { return fault_.is_none() && !was_left_out_; }

    /// Whether the last look was into a network namespace other than the host's.
    [[nodiscard]] bool has_own_network() const noexcept { return has_own_network_; }

  private:
    std::string who_;
    Wanted wanted_;
    HostId host_id_;
    DistinctNames interfaces_;
    Fault fault_;
    bool has_own_network_ = false, was_left_out_ = false;
    bool said_host_network_ = false, said_more_links_ = false, said_names_ = false;
};

} // namespace lxcmon::sample
