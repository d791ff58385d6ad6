#pragma once

#include "sample/links.hpp"

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

/// The child's side of the namespace helper, and what is said between it and the agent: one datagram each way
/// for each container. Same program, same machine: plain structs, no versions.
namespace lxcmon::sample {

/// Interfaces reported for one container at most: a tenant can make thousands.
inline constexpr std::size_t max_links = 128;

/// With it goes the container's init pidfd, as SCM_RIGHTS.
struct NamespaceRequest {
    std::uint64_t sequence = 0;
    pid_t init_pid = 0;
    bool want_filesystem = true;         ///< off: nothing is done that a mount of the container can make hang
    std::uint64_t known_root_device = 0; ///< st_dev of "/" whose source the agent has already
};

struct RootFilesystem {
    bool present = false;
    bool readonly = false;
    std::uint64_t device = 0; ///< st_dev of "/": when it changes, the mount has changed
    bool has_source = false;  ///< the two texts count: where `device` is not the one known, and they fit
    std::array<char, 1024> source{};
    std::array<char, 64> filesystem_type{};
    std::uint64_t block_bytes = 0, blocks = 0, blocks_free = 0, blocks_available = 0;
    std::uint64_t inodes = 0, inodes_free = 0;
};

struct NamespaceReply {
    std::uint64_t sequence = 0;
    int error = 0;         ///< errno of joining the namespaces: nothing below counts then
    int network_error = 0; ///< errno of listing the interfaces
    bool shares_host_network = false;
    bool has_more_links = false; ///< than max_links: the others are left out
    RootFilesystem root;
    std::int64_t filesystem_nsec = 0; ///< how long all that took which the container's mounts can slow down
    std::int64_t processes = -1;      ///< in the container's own /proc; -1: it has none
    std::uint32_t link_count = 0;
    struct ContainerLink {
        Link link;
        std::uint32_t host_index = 0; ///< the peer, where it is in the host's namespace; else 0
    };
    std::array<ContainerLink, max_links> links; ///< only `link_count` of them are sent

    [[nodiscard]] std::size_t sent_bytes() const noexcept {
        return offsetof(NamespaceReply, links) + link_count * sizeof(ContainerLink);
    }
};
static_assert(std::is_trivially_copyable_v<NamespaceReply>);

/// What the child runs; `socket` is its end of a SOCK_SEQPACKET pair. Ends with the process when the agent is
/// gone. It may be forked from a threaded process: it logs nothing and takes no lock but malloc's, which
/// glibc makes good in a child. It allocates only where a root filesystem is new.
[[noreturn]] void run_namespace_worker(int socket) noexcept;

} // namespace lxcmon::sample
