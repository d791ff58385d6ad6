#pragma once

#include "io/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace lxcmon::test {

/// Makes a veth pair: `inside` in the calling process's network namespace, `outside` in that of
/// `outside_namespace`. Needs root. Returns whether the kernel did it.
[[nodiscard]] bool make_veth(const char* inside, const char* outside, int outside_namespace) noexcept;

/// Sets an interface of the calling process's network namespace up.
[[nodiscard]] bool set_link_up(const char* name) noexcept;

/// Gives an interface of the calling thread's network namespace, one that is down, another name.
[[nodiscard]] bool rename_link(const char* name, const char* next) noexcept;

/// Takes an interface of the calling thread's network namespace away.
[[nodiscard]] bool remove_link(const char* name) noexcept;

/// Sends one Ethernet frame of `bytes` out of an interface of the host.
[[nodiscard]] bool send_frame(const std::string& name, std::size_t bytes);

/// A counter of an interface of the host: /sys/class/net/NAME/statistics/COUNTER.
[[nodiscard]] std::uint64_t host_counter(const std::string& name, const std::string& counter);

/// Listens to what rtnetlink tells of the host's interfaces from now on.
class LinkWatch {
  public:
    LinkWatch();
    /// Whether the kernel says within five seconds that this interface has gone.
    [[nodiscard]] bool sees_end_of(unsigned index) noexcept;

  private:
    io::UniqueFd socket_;
};

} // namespace lxcmon::test
