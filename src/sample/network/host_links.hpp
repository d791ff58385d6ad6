#pragma once

#include "sample/network/link_news.hpp"
#include "sample/network/rtnetlink.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// The host's own interfaces, for host_net, and the names of all, to tell a container's veth from outside. A
/// host of a thousand containers has a thousand veths: all are listed only when the kernel says that one has
/// changed, and else only the host's own are asked for their figures.
class HostLinks {
  public:
    /// Without figures, own() is empty.
    explicit HostLinks(bool with_counters = true) noexcept
        : with_figures_(with_counters) {}

    /// Looks again. Returns 0, or the errno of why that fails: then it keeps none.
    int refresh();
    /// Those that are is_of_the_host(), by ifindex, with their figures at the last refresh(). Valid until the
    /// next.
    [[nodiscard]] std::span<const Link> own() const noexcept { return own_; }
    /// Of any interface; empty where there is none. Valid until refresh().
    [[nodiscard]] std::string_view name(std::uint32_t index) const noexcept;

    /// How often all were listed.
    [[nodiscard]] std::uint64_t listings() const noexcept { return listings_; }

  private:
    /// What is kept of a guest's: its counters would be old.
    struct Name {
        std::uint32_t index;
        std::array<char, IFNAMSIZ> text;
    };

    int list();
    [[nodiscard]] bool renew_counters() noexcept;

    bool with_figures_;
    LinkNews news_;
    bool is_listed_ = false; ///< the lists are whole
    std::vector<Name> names_;
    std::vector<Link> own_;
    std::uint64_t listings_ = 0;
};

} // namespace lxcmon::sample
