// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "model/point.hpp"
#include "model/selection.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace lxcmon::encode {

/// What "summary" says of the sample of one tick.
struct SnapshotSummary {
    std::int64_t begin_ns = 0, end_ns = 0; ///< ns since 1970
    double duration_sec = 0;
    double cpu_percent = 0; ///< of one core, of the agent and its helpers since the last tick
    std::optional<std::int64_t> rss_bytes{}; ///< of the agent and its helpers
};

/// The points of a tick as a snapshot of LXC Monitor (docs/moving-lxc-monitor.md). Values that the sampler
/// does not send at each tick stay for `held_rounds`. A container is in a snapshot from its second sample on,
/// when its CPU usage is known. Times are local and have no zone. Not thread-safe.
class LxcMonitor {
  public:
    /// `selection`: the fields that are sampled. `online_cpus`: the limit of a container that has none.
    LxcMonitor(std::uint64_t held_rounds, const Selection& selection, double online_cpus);

    /// Starts a round (a tick).
    void begin() { ++round_; }
    /// Adds a point of the round. Points that no key needs are ignored.
    void add(const Point& point);
    /// Ends the round and appends its snapshot as one line of JSON, LF included; nothing if it has no
    /// container. True if it has.
    bool end(std::string& out, const SnapshotSummary& summary);

  private:
    /// A value and the round that brought it.
    template <typename Type>
    struct Held {
        Type value{};
        std::uint64_t round = 0; ///< 0: none yet
    };
    using Number = Held<std::int64_t>;
    struct Entry {
        std::uint64_t round = 0; ///< the last one that had a point of the running container
        std::int64_t time_ns = 0;
        Held<double> cpu_percent, limit_cores;
        Number cpus, memory_used, swap_used, swap_limit, processes, fs_used, fs_total, fs_free;
        Number reads, writes, rx_bytes, tx_bytes; ///< sums
    };

    template <typename Type>
    void keep(Held<Type>& held, const Point& point, std::string_view field) const;
    void add_to_sum(Number& sum, const Point& point, std::string_view field) const;
    void add_container(std::string_view kind, const Point& point, Entry& entry) const;
    template <typename Type>
    [[nodiscard]] std::optional<Type> value(const Held<Type>& held) const;
    [[nodiscard]] bool is_shown(const Entry& entry) const noexcept;
    [[nodiscard]] std::optional<double> percent_of_limit(const Entry& entry) const;
    [[nodiscard]] std::int64_t swap_total(const Entry& entry) const;
    void append_entry(std::string& out, const Entry& entry) const;
    void append_filesystem(std::string& out, const Entry& entry) const;

    std::uint64_t held_rounds_;
    std::uint64_t round_ = 0;
    bool has_cpu_, has_filesystems_; ///< are sampled
    double online_cpus_;
    Number host_swap_;
    std::map<std::pair<std::string, std::string>, Entry> entries_; ///< by container and lxcpath
};

} // namespace lxcmon::encode
