// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/network/rtnetlink.hpp"

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace lxcmon::sample {

/// Most interfaces reported for one container. A tenant can create thousands.
inline constexpr std::size_t max_links = 128;

/// The result of listing the interfaces in a container's network namespace, without the interfaces.
struct LinksSummary {
    int error = 0;                    ///< errno of joining the namespace; if set, nothing below is valid
    int list_error = 0;               ///< errno of listing the interfaces
    bool left_out = false;            ///< not listed in time, see LinkLister
    bool shares_host_network = false; ///< then no interfaces are listed
    bool has_more = false;            ///< there are more than max_links; the rest are left out
    bool lacks_host_id = false;       ///< HostId could not be requested: no `host_index` is known
    bool joined_by_path = false;      ///< the kernel can't join by a pidfd (Linux before 5.8)
    std::size_t count = 0;
};

/// The interfaces in a container's network namespace.
struct ContainerLinks : LinksSummary {
    struct Entry {
        Link link;
        std::uint32_t host_index = 0; ///< ifindex of the peer if it is in the host's namespace, else 0
    };
    std::array<Entry, max_links> links; ///< the first `count` are set

    /// Resets to the state before a scan.
    void clear() noexcept { static_cast<LinksSummary&>(*this) = {}; }
};

/// The id of the host's namespace within another network namespace (RTM_GETNSID). It never changes while that
/// namespace exists, so it is requested once.
struct HostId {
    std::uint64_t cookie = 0; ///< of the namespace in which `id` is valid
    std::int32_t id = -1;     ///< -1: unknown
};

/// Lists the interfaces of containers: the calling thread joins a container's network namespace and returns
/// to its own, the home namespace. A tenant cannot make that hang, but the kernel's lock for the interfaces
/// of all namespaces (RTNL) can be held for long. Allocates nothing. For one thread at a time.
class NamespaceLinks {
  public:
    /// The calling thread's network namespace becomes the home namespace. Throws std::system_error if /proc
    /// or the namespace can't be opened.
    NamespaceLinks();

    /// Lists the interfaces of a container's init. The calling thread must be in the home namespace. The
    /// caller keeps a `host_id` for each start of a container. The result is valid until the next call.
    [[nodiscard]] const ContainerLinks& scan(pid_t init_pid, int init_pidfd, HostId& host_id) noexcept;
    /// If the thread could not return from the last scan(): the errno, else 0. It is in the container's
    /// namespace, whose interfaces it would take for the host's, so it must end; another thread can go on.
    [[nodiscard]] int lost_error() const noexcept { return lost_error_; }
    /// Another thread goes on, from the home namespace.
    void forget_lost() noexcept { lost_error_ = 0; }

  private:
    [[nodiscard]] int join(pid_t init_pid, int init_pidfd) noexcept;
    void scan_namespace(HostId& host_id) noexcept;
    void list(int rtnetlink, HostId& host_id) noexcept;
    [[nodiscard]] std::uint64_t network_inode() const noexcept;

    io::UniqueFd proc_, home_;
    std::uint64_t home_cookie_ = 0; ///< 0: the kernel has no cookies (Linux before 5.14)
    std::uint64_t home_inode_ = 0;
    int lost_error_ = 0;
    ContainerLinks links_;
};

} // namespace lxcmon::sample
