// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace lxcmon::sample {

/// Schedules a scan that is due once per interval instead of at each tick. The containers' due times are
/// spread over the interval.
class StaggeredSchedule {
  public:
    /// `id`: Container::id, or 0 for the host.
    explicit StaggeredSchedule(std::uint64_t id) noexcept
        : id_(id) {}

    /// True if a scan is due at the tick of `wall_ns`: the first scan always, later ones once per `interval`
    /// (0: at each tick). A scan that was not taken stays due.
    [[nodiscard]] bool is_due(std::int64_t wall_ns, std::chrono::nanoseconds interval) const noexcept;
    /// Records a scan at the tick of `wall_ns`.
    void take(std::int64_t wall_ns) noexcept { last_ns_ = wall_ns; }

  private:
    std::uint64_t id_;
    std::optional<std::int64_t> last_ns_;
};

} // namespace lxcmon::sample
