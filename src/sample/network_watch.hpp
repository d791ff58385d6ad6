#pragma once

#include "sample/distinct_names.hpp"
#include "sample/fault.hpp"
#include "sample/namespace_figures.hpp"
#include "sample/namespace_helper.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace lxcmon::sample {

/// What is known of the interfaces and the number of processes of one start of a container: what is left
/// alone, and what has been said. Sampling thread only; the times are passed in.
class NetworkWatch {
  public:
    using Outcome = NamespaceHelper::Outcome;

    /// What is wanted of every container.
    struct Wanted {
        bool links = true, loopback = false, processes = true;
        bool start = false; ///< once, when init began
    };
    NetworkWatch(const std::string& container_name, Wanted wanted);

    /// Writes into the request what is to be looked at now.
    void prepare(NamespaceRequest& request, std::int64_t monotonic_ns) const noexcept;

    /// Where the figures go.
    struct Target {
        const HostLinks& host_links;
        std::span<const Tag> tags;
        std::int64_t wall_ns;
        PointBuffer& points;
        Readings& readings; ///< gets lxc_pids.processes
    };
    /// Takes the answer to such a request. `hang` counts with Outcome::hung.
    void take(Outcome outcome, const NamespaceReply& reply, const HangPlace& hang, std::int64_t monotonic_ns,
              const Target& target);

    /// Whether nothing keeps the figures from being whole.
    [[nodiscard]] bool is_well() const noexcept {
        return fault_.is_none() && !processes_hung_ && !links_hung_;
    }
    [[nodiscard]] bool has_hung() const noexcept { return has_hung_; }

    /// When init began, in clock ticks since boot; nothing while that is not known.
    [[nodiscard]] std::optional<std::int64_t> start_ticks() const noexcept { return start_ticks_; }
    /// Whether the last look was into a network namespace other than the host's.
    [[nodiscard]] bool has_own_network() const noexcept { return has_own_network_; }

  private:
    void take_hang(const HangPlace& hang, std::int64_t monotonic_ns);
    void take_links(const NamespaceReply& reply, const Target& target);
    void take_processes(const NamespaceReply& reply, std::int64_t monotonic_ns, const Target& target);

    std::string who_;
    Wanted wanted_;
    DistinctNames interfaces_;
    std::int64_t links_again_ns_ = INT64_MIN, processes_again_ns_ = INT64_MIN; ///< CLOCK_MONOTONIC
    std::optional<std::int64_t> start_ticks_;
    Fault fault_;
    bool has_hung_ = false, links_hung_ = false, links_left_alone_ = false, processes_hung_ = false;
    bool has_own_network_ = false;
    bool said_host_network_ = false, said_more_links_ = false, said_names_ = false, said_slow_ = false;
};

} // namespace lxcmon::sample
