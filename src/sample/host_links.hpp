#pragma once

#include "sample/links.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lxcmon::sample {

/// The host's own interfaces, listed once a tick: for host_net, and to tell a container's veth from outside.
class HostLinks {
  public:
    /// Lists them anew. Returns 0, or the errno of why that fails: then it keeps none.
    int refresh();
    /// By ifindex. Valid until refresh().
    [[nodiscard]] std::span<const Link> all() const noexcept { return links_; }
    /// Empty where there is none. Valid until refresh().
    [[nodiscard]] std::string_view name(std::uint32_t index) const noexcept;

  private:
    std::vector<Link> links_;
};

} // namespace lxcmon::sample
