// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sample/network/host_links.hpp"
#include "sample/network/namespace_links.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

namespace lxcmon::sample {

/// Lists the interfaces of the host and of the containers in a thread of its own, beside the other reads of a
/// tick. The kernel can make a thread that lists interfaces wait for seconds, uninterruptibly: while it
/// destroys a network namespace with hundreds of interfaces it holds its lock for the interfaces of all
/// namespaces (RTNL). The tick waits at most `most_wait` after start() and takes the lists that have come.
/// While the thread is stuck it gets no new work, and later lists are discarded. Steady ticks allocate
/// nothing. All calls by one thread.
class LinkLister {
  public:
    /// Which interfaces of the host are listed.
    enum class Host : std::uint8_t { none, names, names_and_counters };

    /// The calling thread's network namespace is the host's. Throws std::system_error, see NamespaceLinks.
    LinkLister(Host host, std::chrono::nanoseconds most_wait);
    /// Waits a moment for the thread. If it is stuck, it ends after the kernel has let it go.
    ~LinkLister();
    LinkLister(const LinkLister&) = delete;
    LinkLister& operator=(const LinkLister&) = delete;

    /// A tick: begin(), add() for each container in the order of listing, start(), finish(), then the
    /// results. The pidfd is borrowed until finish(). add() returns the number for links_of().
    void begin();
    [[nodiscard]] std::size_t add(pid_t init_pid, int init_pidfd, HostId host_id);
    void start();
    /// Waits for the lists, logs if they are late and when they come again.
    void finish();

    /// The errno of listing the host's interfaces, or 0. Empty if they have not come.
    [[nodiscard]] std::optional<int> host_error() const noexcept;
    /// The host's interfaces; none if they have not come. Valid until begin().
    [[nodiscard]] const HostLinks& host_links() const noexcept;
    /// CLOCK_REALTIME when the interfaces of the host, or of a container, were read, in ns; 0 if they have
    /// not come.
    [[nodiscard]] std::int64_t host_read_ns() const noexcept;
    [[nodiscard]] std::int64_t read_ns(std::size_t number) const noexcept;
    /// The interfaces of a container; sets `left_out` if they have not come. Writes `host_id` otherwise.
    /// Valid until the next call.
    [[nodiscard]] const ContainerLinks& links_of(std::size_t number, HostId& host_id);

  private:
    struct Shared;
    static void serve(const std::shared_ptr<Shared>& shared);
    [[nodiscard]] bool has_thread();
    void end_lost_thread();
    void note_late(bool late);

    std::chrono::nanoseconds most_wait_;
    Host host_;
    std::shared_ptr<Shared> shared_; ///< with the thread, which may outlive this
    std::thread thread_;
    bool is_given_ = false; ///< the thread has work of this tick, or had it
    bool has_host_ = false;
    std::size_t containers_done_ = 0;
    HostLinks no_links_;
    ContainerLinks links_;
    std::optional<std::chrono::steady_clock::time_point> late_since_;
    bool logged_no_thread_ = false, logged_lost_ = false, logged_old_kernel_ = false;
};

} // namespace lxcmon::sample
