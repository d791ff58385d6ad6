// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/readings.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::sample {

/// Counts that the kernel keeps for each network namespace (net/ipv4/proc.c, net/ipv6/proc.c). `orphan`,
/// `alloc` and `mem` of sockstat are left out, as they are counts of the whole host.
struct SocketCounts {
    std::optional<std::int64_t> used, tcp, tcp_time_wait, udp, tcp6, udp6, retrans_segs;
};

/// Parse /proc/PID/net/sockstat, sockstat6 and snmp, and set the counts found. Malformed values are left out.
void parse_sockstat(std::string_view text, SocketCounts& counts) noexcept;
void parse_snmp(std::string_view text, SocketCounts& counts) noexcept;

/// Reads lxc_socket from the network namespace of a container's init. No file stays open, as that would keep
/// the namespace and its interfaces alive. Sampling thread only.
class SocketSampler {
  public:
    /// `root_fd` is borrowed.
    SocketSampler(int root_fd, pid_t init_pid);

    /// Reads the files that `selection` needs. Call it before NamespaceLinks::scan(), whose rtnetlink socket
    /// would be counted for some milliseconds. Only that scan shows whether the namespace is the host's; if
    /// it is, the counts are not the container's.
    void scan(std::span<char> buffer, const Selection& selection) noexcept;

    /// Sets the fields of the last scan.
    void set_fields(Readings& readings) const noexcept;

  private:
    int root_fd_;
    SocketCounts counts_;
    std::string sockstat_, sockstat6_, snmp_;
};

} // namespace lxcmon::sample
