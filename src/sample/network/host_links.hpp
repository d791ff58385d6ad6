// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/network/link_news.hpp"
#include "sample/network/rtnetlink.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// The host's own interfaces with counters, for host_net, and the names of all interfaces, for the host side
/// of containers' veths. A host with a thousand containers has a thousand veths. All interfaces are listed
/// only after the kernel has reported a change; otherwise only the host's own interfaces are read.
class HostLinks {
  public:
    /// Without counters, own() stays empty.
    explicit HostLinks(bool with_counters = true) noexcept
        : with_counters_(with_counters) {}

    /// Reads the interfaces. Returns 0 or an errno; after an error there are no interfaces.
    int refresh();
    /// Interfaces for which is_host_link() is true, by ifindex, with the counters of the last refresh().
    /// Valid until the next refresh().
    [[nodiscard]] std::span<const Link> own() const noexcept { return own_; }
    /// Name of any interface; empty if there is none. Valid until the next refresh().
    [[nodiscard]] std::string_view name(std::uint32_t index) const noexcept;

    /// How often all interfaces have been listed.
    [[nodiscard]] std::uint64_t listings() const noexcept { return listings_; }

  private:
    /// Kept for each interface; counters of guests' interfaces would be stale.
    struct Name {
        std::uint32_t index;
        std::array<char, IFNAMSIZ> text;
    };

    int list();
    [[nodiscard]] bool renew_counters() noexcept;

    bool with_counters_;
    LinkNews news_;
    bool is_listed_ = false; ///< the lists are complete
    std::vector<Name> names_;
    std::vector<Link> own_;
    std::uint64_t listings_ = 0;
};

} // namespace lxcmon::sample
