// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace lxcmon::test {

/// Makes a veth pair: `inside` in the calling process's network namespace, `outside` in `outside_namespace`.
/// Needs root. Returns whether that succeeded.
[[nodiscard]] bool make_veth(const char* inside, const char* outside, int outside_namespace) noexcept;

/// Sets an interface of the calling process's network namespace up.
[[nodiscard]] bool set_link_up(const char* name) noexcept;

/// Renames an interface of the calling thread's network namespace. It must be down.
[[nodiscard]] bool rename_link(const char* name, const char* next) noexcept;

/// Removes an interface of the calling thread's network namespace.
[[nodiscard]] bool remove_link(const char* name) noexcept;

/// Sends one Ethernet frame of `bytes` out of an interface of the host.
[[nodiscard]] bool send_frame(const std::string& name, std::size_t bytes);

/// A counter of an interface of the host: /sys/class/net/NAME/statistics/COUNTER.
[[nodiscard]] std::uint64_t host_counter(const std::string& name, const std::string& counter);

/// Receives rtnetlink's messages about the host's interfaces.
class LinkWatch {
  public:
    LinkWatch();
    /// Waits up to five seconds for the removal of this interface. Returns whether it was removed.
    [[nodiscard]] bool sees_end_of(unsigned index) noexcept;

  private:
    io::UniqueFd socket_;
};

} // namespace lxcmon::test
