#pragma once

#include "sample/guard/time_budget.hpp"
#include "sample/network/rtnetlink.hpp"

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lxcmon::sample {

/// Interfaces reported for one container at most: a tenant can make thousands.
inline constexpr std::size_t max_links = 128;

/// What was found in a container's network namespace.
struct ContainerLinks {
    int error = 0;                    ///< errno of joining the namespace: nothing below counts then
    int list_error = 0;               ///< errno of listing the interfaces
    bool left_out = false;            ///< not looked at, as looking at others took too long in this tick
    bool shares_host_network = false; ///< and nothing was listed
    bool has_more = false;            ///< than max_links: the others are left out
    std::size_t count = 0;
    struct Entry {
        Link link;
        std::uint32_t host_index = 0; ///< the peer, where it is in the host's namespace; else 0
    };
    std::array<Entry, max_links> links; ///< `count` of them are set

    /// As before any look.
    void clear() noexcept;
};

/// What a network namespace calls the host's (RTM_GETNSID): it never changes while the namespace lives, so it
/// is asked for once.
struct HostId {
    std::uint64_t cookie = 0; ///< of the namespace that it is known of
    std::int32_t id = -1;     ///< -1: not known
};

/// Lists the interfaces of containers: the calling thread, which alone may use this, joins a container's
/// network namespace for the moment and goes home again. Nothing in there can be made to hang by a tenant;
/// the kernel's lock for the interfaces of all namespaces (RTNL) can be held for long. Allocates nothing.
class NamespaceLinks {
  public:
    /// The network namespace that the calling thread is in now is home. Once looking has taken longer than
    /// `most` in a tick, the others are left out. Throws std::system_error where /proc or the namespace can't
    /// be opened.
    explicit NamespaceLinks(std::chrono::nanoseconds most);

    void begin_tick() noexcept;

    /// Looks into the network of a container's init. `host_id` is kept for each start of a container. What is
    /// returned is valid until the next call. Where going home fails the process ends: it would take the
    /// container's network for the host's.
    [[nodiscard]] const ContainerLinks& scan(pid_t init_pid, int init_pidfd, HostId& host_id);

  private:
    void visit(pid_t init_pid, int init_pidfd, HostId& host_id) noexcept;
    [[nodiscard]] int join(pid_t init_pid, int init_pidfd) noexcept;
    void scan_namespace(HostId& host_id) noexcept;
    void list(int rtnetlink, HostId& host_id) noexcept;
    [[nodiscard]] std::uint64_t network_inode() const noexcept;

    TimeBudget budget_; ///< of this tick
    io::UniqueFd proc_, home_;
    std::uint64_t home_cookie_ = 0; ///< 0: this kernel has none (Linux before 5.14)
    std::uint64_t home_inode_ = 0;
    bool joins_by_pidfd_ = true; ///< Linux 5.8 and later
    bool said_old_kernel_ = false, is_slow_ = false;
    ContainerLinks links_;
};

} // namespace lxcmon::sample
