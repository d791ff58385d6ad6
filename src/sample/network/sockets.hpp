#pragma once

#include "model/readings.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lxcmon::sample {

/// What the kernel counts for each network namespace (net/ipv4/proc.c, net/ipv6/proc.c). Of sockstat's
/// figures `orphan`, `alloc` and `mem` are of the whole machine, so they are not taken.
struct SocketFigures {
    std::optional<std::int64_t> used, tcp, tcp_time_wait, udp, tcp6, udp6, retrans_segs;
};

/// /proc/PID/net/sockstat, sockstat6 and snmp: each sets what it has. What is malformed stays out.
void parse_sockstat(std::string_view text, SocketFigures& figures) noexcept;
void parse_snmp(std::string_view text, SocketFigures& figures) noexcept;

/// The figures of lxc_socket, of the network namespace that the container's init is in. Nothing is kept open:
/// that would keep the namespace and its interfaces alive. Sampling thread only.
class SocketSampler {
  public:
    /// `root_fd` is borrowed.
    SocketSampler(int root_fd, pid_t init_pid);

    /// Reads the files, of those that `selection` wants something of. Before the namespace is joined: the
    /// rtnetlink socket that is used there counts for some milliseconds. That look alone tells whether the
    /// namespace is the host's, whose sockets are not the container's.
    void scan(std::span<char> buffer, const Selection& selection) noexcept;

    /// What the last look has seen.
    void set_fields(Readings& readings) const noexcept;

  private:
    int root_fd_;
    SocketFigures figures_;
    std::string sockstat_, sockstat6_, snmp_;
};

} // namespace lxcmon::sample
