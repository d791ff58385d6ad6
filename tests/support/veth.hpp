// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "io/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace lxcmon::test {

/// Creates a veth pair: `inside` in the calling process's network namespace, `outside` in the namespace of
/// the descriptor `outside_namespace`. Needs root. False on failure.
[[nodiscard]] bool make_veth(const char* inside, const char* outside, int outside_namespace) noexcept;

/// Sets an interface of the calling process's network namespace up. False on failure.
[[nodiscard]] bool set_link_up(const char* name) noexcept;

/// Renames an interface, which must be down, of the calling thread's network namespace. False on failure.
[[nodiscard]] bool rename_link(const char* name, const char* next) noexcept;

/// Deletes an interface of the calling thread's network namespace. False on failure.
[[nodiscard]] bool remove_link(const char* name) noexcept;

/// Sends one Ethernet frame of `bytes` bytes on an interface of the host.
[[nodiscard]] bool send_frame(const std::string& name, std::size_t bytes);

/// Reads a counter of an interface of the host: /sys/class/net/NAME/statistics/COUNTER.
[[nodiscard]] std::uint64_t host_counter(const std::string& name, const std::string& counter);

/// Receives rtnetlink events of the host's interfaces.
class LinkWatch {
  public:
    LinkWatch();
    /// Waits up to five seconds for the event that this interface was deleted.
    [[nodiscard]] bool sees_end_of(unsigned index) noexcept;

  private:
    io::UniqueFd socket_;
};

} // namespace lxcmon::test
